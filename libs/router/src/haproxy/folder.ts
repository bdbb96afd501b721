/** The router's folder, which the container sees at `mountPoint`: config, pages, secret, state and sockets. */
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { type Bind, type Https, renderConfig } from './config.ts'
import { renderPages } from './pages.ts'
import { emptySeatFile, parseSeatFile } from './seat-file.ts'

export interface Sockets {
  readonly cli: string
  readonly master: string
}

export function socketsOf(folder: string): Sockets {
  return { cli: join(folder, 'run/cli.sock'), master: join(folder, 'run/master.sock') }
}

export function seatFileOf(folder: string): string {
  return join(folder, 'state/seats.cfg')
}

export function certificatesOf(folder: string): string {
  return join(folder, 'certificates')
}

/**
 * Who the worker is in its container: this user, or, where this user is root, somebody who owns nothing but
 * the state.
 */
function workerOf(owner: { uid: number; gid: number }) {
  return owner.uid === 0 ? { uid: 65_532, gid: 65_532 } : owner
}

function ownerOfProcess() {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}

/** Makes the folders. @throws data.notWritable */
export function prepareFolder(folder: string): void {
  const worker = workerOf(ownerOfProcess())
  try {
    mkdirSync(join(folder, 'run'), { recursive: true, mode: 0o700 })
    mkdirSync(join(folder, 'pages'), { recursive: true })
    mkdirSync(certificatesOf(folder), { recursive: true, mode: 0o700 })
    mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 })
    // The worker passes through on its way to the state, and can list nothing.
    chmodSync(folder, 0o711)
    chownSync(join(folder, 'state'), worker.uid, worker.gid)
  } catch (cause) {
    throw notWritable(folder, cause)
  }
}

/**
 * The secret of the preview header and of our own questions: made once, then kept.
 * @param known put back where the file is gone. @throws data.notWritable
 */
export function readSecret(folder: string, known?: string): string {
  const path = join(folder, 'secret')
  try {
    const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
    if (/^[0-9a-f]{48}$/.test(kept)) return kept
    const secret = known ?? randomBytes(24).toString('hex')
    writeFileSync(path, secret, { mode: 0o600, flush: true })
    return secret
  } catch (cause) {
    throw notWritable(path, cause)
  }
}

export interface WrittenConfig {
  readonly fingerprint: string
  /** Puts the config back that was there before. */
  undo(): Promise<void>
}

/** More than enough for one machine's apps; HAProxy takes no more than 64. */
const mostThreads = 16

/** Writes config, script and pages where they differ. @throws data.notWritable */
export async function writeConfig(
  folder: string,
  { bind, https }: { readonly bind: Bind; readonly https: Https | null },
  secret: string,
): Promise<WrittenConfig> {
  const owner = ownerOfProcess()
  const threads = Math.min(availableParallelism(), mostThreads)
  const render = (fingerprint: string) =>
    renderConfig({ bind, https, secret, threads, owner, worker: workerOf(owner), fingerprint })
  const script = await readFile(new URL('./tagship.lua', import.meta.url), 'utf8')
  const pages = renderPages()
  const hash = createHash('sha256').update(JSON.stringify([render(''), script, [...pages]]))
  const fingerprint = `tagship-${hash.digest('hex').slice(0, 16)}`

  for (const [name, text] of pages) await writeWhere(join(folder, 'pages', name), text)
  await writeWhere(join(folder, 'tagship.lua'), script)
  const start = await readFile(new URL('./start.sh', import.meta.url), 'utf8')
  await writeWhere(join(folder, 'start.sh'), start)
  // Without them it would not start.
  for (const name of ['list', 'names.map']) {
    const path = join(certificatesOf(folder), name)
    if ((await readText(path)) === null) await writeWhole(path, '')
  }
  const config = join(folder, 'haproxy.cfg')
  const before = await readText(config)
  await writeWhere(config, render(fingerprint))
  return { fingerprint, undo: async () => (before === null ? undefined : writeWhole(config, before)) }
}

/** What the file of seats was found as, where it had to be put right. */
export type SeatFileMend = 'last' | 'empty'

/**
 * Where the file of seats is missing or damaged, its place is taken by the routes before the last change, as in
 * start.sh, or by an empty one; `restore` does the rest. Only for a router that does not run: a running one knows
 * better.
 * @returns null where it was whole, or the folder is new. @throws data.notWritable
 */
export async function mendSeatFile(folder: string, seatCount: number): Promise<SeatFileMend | null> {
  const path = seatFileOf(folder)
  const [text, last] = await Promise.all([path, `${path}.last`].map(readText))
  if (text && parseSeatFile(text)) return null
  const usable = last && parseSeatFile(last) ? last : null
  await writeWhole(path, usable ?? emptySeatFile(seatCount))
  if (text === null && last === null) return null
  return usable ? 'last' : 'empty'
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new TagshipError('data.notWritable', `${path} cannot be read: ${error.message}`, { cause: error })
  })
}

export async function writeWhere(path: string, text: string): Promise<void> {
  if ((await readText(path)) !== text) await writeWhole(path, text)
}

/** The old text or the new one, never a part, also after a power cut. */
async function writeWhole(path: string, text: string): Promise<void> {
  await onDisk(path, async () => {
    const file = await open(`${path}.new`, 'w', 0o600)
    await file.writeFile(text)
    await file.sync().finally(() => file.close())
    await rename(`${path}.new`, path)
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
  })
}

async function onDisk(path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((cause) => {
    throw notWritable(path, cause)
  })
}

function notWritable(path: string, cause: unknown): TagshipError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new TagshipError('data.notWritable', `${path} cannot be written: ${why}`, { cause })
}
