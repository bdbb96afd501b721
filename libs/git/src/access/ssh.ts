/** What ssh(1) is given as files: a key, host keys, and a configuration that names both and nothing of the user's own. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scratchName } from '../scratch.ts'

interface SshFiles extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
}

/** The text is always the same: the path comes from the environment. */
const command = 'ssh -F "$TAGSHIP_SSH_CONFIG"'

/** @param key null: none but what an agent has @param knownHosts null: the key that the server shows the first time */
export async function layOutSsh(
  folder: string,
  key: string | null,
  knownHosts: string | null,
): Promise<SshFiles> {
  const place = join(folder, scratchName())
  await mkdir(place, { recursive: true, mode: 0o700 })
  const config = join(place, 'config')
  const keyFile = join(place, 'key')
  const hostsFile = join(place, 'known_hosts')
  // Where none is given, the first sight of a server is kept beside all others, and a change is refused.
  const hosts = knownHosts === null ? join(folder, 'ssh_known_hosts') : hostsFile
  if (key !== null) await writeFile(keyFile, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 })
  if (knownHosts !== null) await writeFile(hostsFile, `${knownHosts.trimEnd()}\n`, { mode: 0o600 })
  await writeFile(config, configuration(key === null ? null : keyFile, hosts, knownHosts !== null), {
    mode: 0o600,
  })
  return {
    env: { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh', TAGSHIP_SSH_CONFIG: config },
    [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }),
  }
}

function configuration(keyFile: string | null, hostsFile: string, strict: boolean): string {
  const identity = keyFile
    ? [`IdentityFile ${quoted(keyFile)}`, 'IdentitiesOnly yes', 'IdentityAgent none']
    : []
  const lines = [
    ...identity,
    'BatchMode yes',
    `UserKnownHostsFile ${quoted(hostsFile)}`,
    ...(strict ? ['GlobalKnownHostsFile /dev/null'] : []),
    `StrictHostKeyChecking ${strict ? 'yes' : 'accept-new'}`,
    'UpdateHostKeys no',
    'ForwardAgent no',
    'ForwardX11 no',
    'ConnectTimeout 10',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** ssh_config(5): a percent sign begins a token. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}
