/** A GNUPGHOME that knows some keys and nothing else, for the time of one piece of work. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { execa } from 'execa'
import { scratchName } from '../scratch.ts'

export interface GpgHome extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
}

/** No agent is started, no key server asked, and no user's own settings or keys count. */
const settings = ['batch', 'no-tty', 'no-autostart', 'no-auto-key-retrieve', 'trust-model always', '']

const patienceMs = 15_000

/** @param keys armored public keys @throws git.failed where gpg cannot be started, or takes no key */
export async function gpgHome(folder: string, keys: readonly string[]): Promise<GpgHome> {
  const place = join(folder, scratchName())
  await mkdir(place, { recursive: true })
  await chmod(place, 0o700)
  const env = { GNUPGHOME: place }
  const remove = () => rm(place, { recursive: true, force: true })
  try {
    await writeFile(join(place, 'gpg.conf'), settings.join('\n'))
    if (keys.length > 0) await importKeys(env, keys)
  } catch (error) {
    await remove()
    throw error
  }
  return { env, [Symbol.asyncDispose]: remove }
}

async function importKeys(env: Readonly<Record<string, string>>, keys: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execa('gpg', ['--import'], {
    reject: false,
    env: { ...env, LC_ALL: 'C' },
    input: keys.join('\n'),
    timeout: patienceMs,
  })
  if (exitCode === 0) return
  const why = exitCode === undefined ? 'is gpg installed?' : (stderr.split('\n')[0] ?? '')
  throw new TagshipError('git.failed', `the keys of the app's signers cannot be used: ${why}`)
}
