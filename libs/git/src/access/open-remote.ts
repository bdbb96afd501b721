/** A remote with what opens it, for the time of one piece of work. */
import type { RepoUrl, SourceCredential } from '@tagship/domain'
import type { InstallationTokens } from './github-app.ts'
import { type Login, type Remote, remoteOf } from './remote.ts'
import { layOutSsh } from './ssh.ts'

/** With what git reaches an app's repository. */
export interface SourceAccess {
  readonly credential: SourceCredential | null
  /** Lines of known_hosts(5): the only host keys that are accepted. */
  readonly knownHosts: string | null
}

export interface AccessOptions {
  /** For the files that ssh wants: absolute, and nobody else's. */
  readonly folder: string
  readonly tokens: InstallationTokens
}

/**
 * Keys are on the disk for as long as `use` takes, for their owner only; tokens never are.
 * @throws repo.invalid, git.denied and git.unreachable where a GitHub App gets no token
 */
export async function withRemote<T>(
  repoUrl: RepoUrl,
  { credential, knownHosts }: SourceAccess,
  { folder, tokens }: AccessOptions,
  use: (remote: Remote) => Promise<T>,
): Promise<T> {
  const protocol = URL.parse(repoUrl)?.protocol ?? 'ssh:'
  if (protocol === 'http:' || protocol === 'https:') {
    return use(remoteOf(repoUrl, await loginOf(credential, tokens)))
  }
  const key = credential?.kind === 'sshKey' ? credential.privateKey : null
  if (protocol !== 'ssh:' || (key === null && knownHosts === null)) return use(remoteOf(repoUrl))
  await using ssh = await layOutSsh(folder, key, knownHosts)
  const { address, env } = remoteOf(repoUrl)
  return await use({ address, env: { ...env, ...ssh.env } })
}

/** A key that was set for ssh:// stays unused where the repository is moved to https://. */
async function loginOf(
  credential: SourceCredential | null,
  tokens: InstallationTokens,
): Promise<Login | null> {
  if (credential?.kind === 'token') return { user: credential.user, password: credential.token }
  if (credential?.kind === 'githubApp') {
    return { user: 'x-access-token', password: await tokens.tokenFor(credential) }
  }
  return null
}
