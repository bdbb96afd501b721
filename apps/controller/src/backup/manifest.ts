import { resolve } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { ArchiveDamaged, inspectArchive, type MemberFacts } from '@tagship/kit'
import { refuseUnknown } from '@tagship/store'
import { z } from 'zod'
import type { Options } from '../options.ts'

/** Of the layout of the file; a later one may be read by later versions only. */
const layout = 1

const manifestSchema = z.object({
  kind: z.literal('tagship backup'),
  layout: z.number().int(),
  createdAt: z.iso.datetime(),
  tagship: z.string(),
  installation: z.string(),
  /** The schema that the rows are of. */
  migrations: z.array(z.string()),
  /** By table, in the order in which they are in the file. */
  rows: z.record(z.string(), z.number().int()),
  sequences: z.record(z.string(), z.string()),
  /** Hosted repositories; those without commits have no member. */
  repositories: z.array(
    z.object({
      // It becomes a path.
      name: z.string().regex(/^(removed\/)?[a-z][\w.-]*$/),
      member: z.string().nullable(),
    }),
  ),
  /** Ids of the keys that secrets are sealed with; the keys themselves are not in the file. */
  secretKeys: z.array(z.string()),
  members: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
})
export type Manifest = z.output<typeof manifestSchema>

const manifestName = 'manifest.json'
export const tableMember = (table: string) => `tables/${table}.ndjson`
export const repositoryMember = (name: string) => `git/${name}.bundle`

export function writeManifest(content: Omit<Manifest, 'kind' | 'layout'>): { name: string; text: string } {
  const manifest: Manifest = { kind: 'tagship backup', layout, ...content }
  return { name: manifestName, text: `${JSON.stringify(manifest, null, 2)}\n` }
}

/** Reads the whole file once, before anything is made of it. @throws backup.damaged, database.tooNew */
export async function readManifest(path: string): Promise<Manifest> {
  const { members, last } = await inspect(path)
  const manifest = parse(path, last)
  if (manifest.layout > layout) {
    throw new TagshipError(
      'database.tooNew',
      `${path} is of a newer version of Tagship (${manifest.tagship})`,
    )
  }
  refuseUnknown(path, manifest.migrations)
  const wrong = firstDifference(manifest.members, members)
  if (wrong) throw new TagshipError('backup.damaged', `${path}: ${wrong} is not what was written`)
  return manifest
}

async function inspect(path: string) {
  try {
    return await inspectArchive(path)
  } catch (error) {
    if (error instanceof ArchiveDamaged) {
      throw new TagshipError('backup.damaged', `${path}: ${error.message}`, { cause: error })
    }
    if (error instanceof Error && 'code' in error) {
      throw new TagshipError('input.invalid', `${path} cannot be read: ${error.message}`, { cause: error })
    }
    throw error
  }
}

function parse(path: string, { name, text }: { readonly name: string; readonly text: string }): Manifest {
  try {
    if (name !== manifestName) throw new Error(`${manifestName} is missing`)
    return manifestSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new TagshipError('backup.damaged', `${path} is no backup of Tagship, or it was cut off`, { cause })
  }
}

function firstDifference(told: readonly MemberFacts[], found: readonly MemberFacts[]): string | null {
  for (let at = 0; at < Math.max(told.length, found.length); at += 1) {
    const [a, b] = [told[at], found[at]]
    if (a?.name !== b?.name || a?.bytes !== b?.bytes || a?.sha256 !== b?.sha256) {
      return a?.name ?? b?.name ?? 'something'
    }
  }
  return null
}

/** The path of the backup, from the command line. @throws input.invalid */
export function backupFile({ file }: Options): string {
  if (!file) throw new TagshipError('input.invalid', 'name the file of the backup')
  return resolve(file)
}
