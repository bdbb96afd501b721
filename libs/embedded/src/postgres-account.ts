/**
 * Postgres refuses to run as root, so root lends it an account of its own. That account may not enter
 * `/root`, where data and binaries usually are; instead of loosening somebody's folders, the server is given
 * the one capability that looks past them (CAP_DAC_READ_SEARCH: read and search, never write).
 */
import { chown } from 'node:fs/promises'
import { TagshipError } from '@tagship/domain'
import { runCommand } from '@tagship/kit'

const accountName = 'tagship'

/** Whom the server runs as. */
export interface Account {
  /** What stands before a command so that it runs as this account. */
  readonly prefix: readonly string[]
  /** Gives a file or folder to the account. */
  own(path: string): Promise<void>
}

/**
 * The account that Postgres runs as here, able to reach all of `paths`.
 * @throws data.notWritable where it cannot reach one of them
 */
export async function findAccount(paths: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { prefix: [], own: async () => {} }
  const ids = (await lookUp()) ?? (await create())
  const plain = ['setpriv', `--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups']
  const searching = [
    ...plain,
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search',
  ]
  const own = (path: string) => chown(path, ids.uid, ids.gid)
  if ((await firstRefusal(plain, paths)) === null) return { prefix: plain, own }
  const refusal = await firstRefusal(searching, paths)
  if (refusal === null) return { prefix: searching, own }
  const detail =
    `Postgres does not run as root, and its account (${accountName}) cannot read ${refusal}: use a folder ` +
    'whose parents everybody may enter, such as --data /var/lib/tagship, or set DATABASE_URL'
  throw new TagshipError('data.notWritable', detail)
}

/** The first of the paths that the account cannot read, with the reason; null where it reads all of them. */
async function firstRefusal(prefix: readonly string[], paths: readonly string[]): Promise<string | null> {
  const [file = '', ...args] = prefix
  for (const path of paths) {
    const result = await runCommand(file, [...args, 'test', '-r', path])
    if (result.exitCode !== 0) {
      return `${path} (${result.stderr.trim() || result.startError || 'permission denied'})`
    }
  }
  return null
}

interface Ids {
  readonly uid: number
  readonly gid: number
}

async function lookUp(): Promise<Ids | null> {
  const [uid, gid] = await Promise.all([
    runCommand('id', ['-u', accountName]),
    runCommand('id', ['-g', accountName]),
  ])
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return null
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

async function create(): Promise<Ids> {
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent']
  const made = await runCommand('useradd', [...options, '--shell', '/usr/sbin/nologin', accountName])
  const ids = await lookUp()
  if (ids) return ids
  const words = made.stderr.trim() || made.startError || 'useradd failed'
  const detail = `Postgres does not run as root and an account for it (${accountName}) cannot be made: ${words}`
  throw new TagshipError('database.unavailable', detail)
}
