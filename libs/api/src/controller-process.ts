/** What `tagship` and the controller process say to each other outside of HTTP. */
import { z } from 'zod'

/** What the controller sends to the process that started it, over the IPC channel. */
export const controllerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), text: z.string() }),
  z.object({
    type: z.literal('ready'),
    url: z.string(),
    /** Where an app with a host of its own is reached, to show to a person. */
    appsUrl: z.string(),
    /** The admin's token, once: when the installation is new. */
    firstToken: z.string().nullable(),
    /** Makes the first admin, once: when the installation is new. */
    setUpLink: z.string().nullable().default(null),
    installation: z.string(),
    /** A controller ran on this data folder already; the one just started ends itself. */
    adopted: z.boolean().default(false),
  }),
  z.object({ type: z.literal('failed'), code: z.string(), detail: z.string() }),
])
export type ControllerMessage = z.output<typeof controllerMessage>
/** As it is sent: what has a default may be left out. */
export type ControllerMessageInput = z.input<typeof controllerMessage>

/**
 * `controllers/ID.json` in the data folder: one for each controller, written before it takes any work, removed when
 * its work is handed over.
 */
export const controllerFile = z.object({
  /** Its leases carry it. */
  id: z.string(),
  pid: z.number().int().positive(),
  /** When the process began, which tells it from a later one with the same pid. */
  start: z.string(),
  port: z.number().int().positive(),
  url: z.string(),
  startedAt: z.string(),
  /** Address and port of the router, which all controllers of a data folder share. */
  router: z.string(),
  /** Postgres and Redis that it was given, without credentials; null: it runs its own. */
  servers: z.string().nullable(),
  /** Was told to end, and hands its work over. */
  stopping: z.boolean(),
})
export type ControllerFile = z.output<typeof controllerFile>

/** What `main.ts doctor --json` prints. */
export const doctorReport = z.array(
  z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), mend: z.string().nullable() }),
)
export type DoctorReport = z.output<typeof doctorReport>

/** What `main.ts backup` prints. */
export const backupReport = z.object({
  file: z.string(),
  bytes: z.number(),
  rows: z.number(),
  apps: z.number(),
  repositories: z.number(),
  /** What should be in it and is not there. */
  missing: z.array(z.string()),
})
export type BackupReport = z.output<typeof backupReport>

/** What `main.ts restore` prints. */
export const restoreReport = z.object({
  data: z.string(),
  installation: z.string(),
  /** When the backup was made. */
  createdAt: z.string(),
  rows: z.number(),
  repositories: z.number(),
  /** What does not hold in the history; it was so when the backup was made. */
  broken: z.array(z.string()),
  /** Deployments that the backup caught under way, and what became of them. */
  settled: z.array(z.object({ app: z.string(), number: z.number(), from: z.string(), to: z.string() })),
  /** What serves once the controller is up. `unknown`: the engine did not answer. */
  live: z.array(
    z.object({
      app: z.string(),
      release: z.string(),
      commit: z.string(),
      imageDigest: z.string().nullable(),
      image: z.enum(['present', 'gone', 'unknown']),
    }),
  ),
  warnings: z.array(z.string()),
})
export type RestoreReport = z.output<typeof restoreReport>

/** `TAGSHIP_DATA`, else the folder that the XDG rules give. */
export function defaultDataFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env.TAGSHIP_DATA || `${env.XDG_DATA_HOME || `${env.HOME || '/root'}/.local/share`}/tagship`
}

/** The folder of the controllers' files. */
export function controllersPath(dataFolder: string): string {
  return `${dataFolder}/controllers`
}

/** The files' content as it was read; what is none of ours is left out. */
export function parseControllerFiles(texts: readonly string[]): ControllerFile[] {
  return texts.flatMap((text) => controllerFile.safeParse(parseJson(text)).data ?? [])
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function controllerLogPath(dataFolder: string): string {
  return `${dataFolder}/controller.log`
}
