/** `tagship.yaml` (DESIGN §6): parsed at the edge, with defaults filled in; durations in ms, sizes in bytes. */
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { TagshipError } from './errors.ts'
import { parseConfigName, parseProcessName } from './names.ts'
import { closest } from './suggest.ts'
import { parseDuration, parseSize } from './units.ts'

export const manifestFile = 'tagship.yaml'

/** More than this many instances of one deployment is refused: an app's network has places for seven such slots. */
export const maxInstancesPerDeployment = 32

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, ctx) => {
      const ms = parseDuration(text)
      if (ms === null)
        ctx.addIssue({ code: 'custom', message: `"${text}" is not a duration such as 500ms, 30s, 5m or 1h` })
      return ms ?? 0
    })

const size = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, ctx) => {
      const bytes = parseSize(text)
      if (bytes === null)
        ctx.addIssue({ code: 'custom', message: `"${text}" is not a size such as 512m or 2g` })
      return bytes ?? 0
    })

const percent = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'must be a percentage such as 1%')
  .transform((text) => Number(text.slice(0, -1)) / 100)

const command = z.array(z.string()).min(1).nullable().default(null)
const relativePath = z
  .string()
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..'),
    'must be a path inside the repository',
  )

const statusRange = z.union([z.string(), z.number().int()]).transform((value, ctx) => {
  const match = /^(\d{3})(?:-(\d{3}))?$/.exec(String(value))
  const from = Number(match?.[1])
  const to = Number(match?.[2] ?? match?.[1])
  if (!match || from < 100 || to > 599 || from > to) {
    ctx.addIssue({
      code: 'custom',
      message: `"${value}" is not a status such as 200 or a range such as 200-399`,
    })
  }
  return { from, to }
})

const health = z.strictObject({
  /** Null: no path given. Then the image's HEALTHCHECK decides, and without one a `GET /`. */
  path: z.string().startsWith('/', 'must start with /').nullable().default(null),
  /** `tcp`: a connection that opens is enough. */
  kind: z.enum(['auto', 'http', 'tcp', 'image']).default('auto'),
  interval: duration('1s'),
  timeout: duration('2s'),
  status: statusRange.default({ from: 200, to: 399 }),
  deadline: duration('60s'),
})

const processSchema = z.strictObject({
  command,
  /** Null on `web`: taken from the image's EXPOSE. Null elsewhere: the process takes no traffic. */
  port: z
    .number()
    .int()
    .min(1, 'must be from 1 to 65535')
    .max(65535, 'must be from 1 to 65535')
    .nullable()
    .default(null),
  replicas: z.number().int().min(1).max(maxInstancesPerDeployment).default(1),
  /** How long requests in flight may take to finish after the switch. */
  drain: duration('30s'),
  /** How long an instance may take to end after SIGTERM. */
  stop: duration('10s'),
  health: health.prefault({}),
  resources: z
    .strictObject({ memory: size('512m'), cpu: z.number().positive().max(256).default(1) })
    .prefault({}),
})

const configName = z.string().transform((name, ctx) => {
  try {
    return parseConfigName(name)
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

const volume = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]*:\/[^:]*$/,
    'must be NAME:/path/in/the/container, of a volume that exists',
  )

const manifestSchema = z
  .strictObject({
    build: z
      .strictObject({
        dockerfile: relativePath.default('Dockerfile'),
        context: relativePath.default('.'),
        target: z.string().nullable().default(null),
        args: z.record(z.string(), z.string()).default({}),
        secrets: z.array(configName).default([]),
        timeout: duration('20m'),
        memory: size('2g'),
      })
      .prefault({}),
    processes: z.record(z.string(), processSchema).default({}),
    release: z
      .strictObject({ command: z.array(z.string()).min(1), timeout: duration('5m') })
      .nullable()
      .default(null),
    rollout: z
      .strictObject({
        promotion: z.enum(['auto', 'manual']).default('auto'),
        deadline: duration('10m'),
        bake: duration('60s'),
        keepWarm: duration('10m'),
        singleton: z
          .literal(false, 'singletons are not supported yet: leave it out, or set it to false')
          .default(false),
        analysis: z
          .strictObject({
            maxErrorRate: percent.nullable().default(null),
            maxP95: z.null('is not supported yet: leave it out; maxErrorRate is').default(null),
            minRequests: z.number().int().min(1).default(20),
          })
          .nullable()
          .default(null),
      })
      .prefault({}),
    filesystem: z
      .strictObject({
        readOnly: z.boolean().default(true),
        tmpfs: z.array(z.string().startsWith('/', 'must be an absolute path')).default(['/tmp']),
        volumes: z.array(volume).default([]),
      })
      .prefault({}),
  })
  .superRefine((manifest, ctx) => {
    const total = Object.values(manifest.processes).reduce((sum, process) => sum + process.replicas, 0)
    if (total > maxInstancesPerDeployment) {
      ctx.addIssue({
        code: 'custom',
        path: ['processes'],
        message: `${total} replicas in all; at most ${maxInstancesPerDeployment} are possible`,
      })
    }
    for (const name of Object.keys(manifest.processes)) {
      try {
        parseProcessName(name)
      } catch {
        ctx.addIssue({
          code: 'custom',
          path: ['processes', name],
          message: 'is not a process name: use a-z, 0-9 and -, starting with a letter',
        })
      }
    }
  })

export type Manifest = z.output<typeof manifestSchema>
export type ProcessSpec = Manifest['processes'][string]
export type HealthSpec = ProcessSpec['health']

/**
 * Parses the text of a `tagship.yaml`; null stands for "there is none". Every key that is left out gets
 * its default, and a manifest without processes gets one `web` process.
 * @throws manifest.invalid with the path, line and, for an unknown key, the nearest known one
 */
export function parseManifest(text: string | null): Manifest {
  const lines = new LineCounter()
  const document = parseDocument(text ?? '', { lineCounter: lines })
  const syntax = document.errors[0]
  if (syntax) throw new TagshipError('manifest.invalid', `${manifestFile}: ${syntax.message}`)

  const result = manifestSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {})
  if (!result.success) {
    const problems = result.error.issues.map((issue) =>
      describeIssue(issue, (path) => lineOf(document, lines, path)),
    )
    throw new TagshipError('manifest.invalid', problems.slice(0, 5).join('; '))
  }
  const manifest = result.data
  if (Object.keys(manifest.processes).length > 0) return manifest
  return { ...manifest, processes: { web: processSchema.parse({}) } }
}

/** A manifest as it was stored: already parsed once, with defaults in. */
export function manifestFromStored(value: unknown): Manifest {
  return value as Manifest
}

/** Processes that take traffic: `web`, and any other that names a port. Only `web` is routed from outside. */
export function routedProcess(manifest: Manifest): ProcessSpec | null {
  return manifest.processes.web ?? null
}

type Path = readonly PropertyKey[]

function describeIssue(issue: z.core.$ZodIssue, line: (path: Path) => number | null): string {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const path = [...issue.path, key]
    const hint = closest(key, knownKeys(issue.path))
    return `${where(path, line)}: unknown key${hint ? `; did you mean "${hint}"?` : ''}`
  }
  return `${where(issue.path, line)}: ${issue.message}`
}

function where(path: Path, line: (path: Path) => number | null): string {
  const number = line(path)
  return `${manifestFile}${number ? `:${number}` : ''} ${path.length > 0 ? path.map(String).join('.') : '(top level)'}`
}

function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: Path): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null
    if (Array.isArray(range)) return lines.linePos(Number(range[0])).line
  }
  return null
}

function knownKeys(path: Path): string[] {
  const shapes: Record<string, Record<string, unknown>> = {
    '': manifestSchema.shape,
    build: manifestSchema.shape.build.unwrap().shape,
    rollout: manifestSchema.shape.rollout.unwrap().shape,
    filesystem: manifestSchema.shape.filesystem.unwrap().shape,
    'processes.*': processSchema.shape,
    'processes.*.health': health.shape,
    'processes.*.resources': processSchema.shape.resources.unwrap().shape,
  }
  const key = path
    .map((part, index) => (path[0] === 'processes' && index === 1 ? '*' : String(part)))
    .join('.')
  return Object.keys(shapes[key] ?? {})
}
