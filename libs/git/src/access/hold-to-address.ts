/** A repository's address is judged before git connects, and git connects to what was judged (SSRF). */
import { type RepoUrl, TagshipError } from '@tagship/domain'
import { type NetworkPolicy, resolveAllowed } from '@tagship/kit'
import { addConfig } from '../environment.ts'
import type { Remote } from './remote.ts'

const scpLike = /^[^@/]+@([^:/]+):/
const defaultPorts: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80', 'ssh:': '22' }

/** The remote, held to one address. @throws repo.refused */
export async function holdToAddress(
  remote: Remote,
  repoUrl: RepoUrl,
  policy: NetworkPolicy,
): Promise<Remote> {
  const place = placeOf(repoUrl)
  if (!place) return remote
  const { protocol, host, port } = place
  // What has no name here has one at the operator's proxy, or in their ssh_config; else git says so itself.
  const found = await resolveAllowed(host, policy).catch(() => null)
  if (!found) return remote
  if ('refusal' in found) throw new TagshipError('repo.refused', found.refusal)
  const { address } = found
  if (protocol === 'ssh:') return { ...remote, env: pinSsh(remote.env, { address, host, port }) }
  const pinned = address.includes(':') ? `[${address}]` : address
  const config = {
    'http.curloptResolve': `${host}:${port}:${pinned}`,
    // Another address would not have been judged.
    'http.followRedirects': 'false',
  }
  return { ...remote, env: addConfig(remote.env, config) }
}

/** Null where it is a folder of this machine. */
function placeOf(repoUrl: RepoUrl) {
  const url = URL.parse(repoUrl)
  const host = scpLike.exec(repoUrl)?.[1]
  if (!url || (host !== undefined && !repoUrl.includes('://'))) {
    return host === undefined ? null : { protocol: 'ssh:', host, port: '22' }
  }
  if (url.protocol === 'file:') return null
  const { protocol } = url
  return { protocol, host: url.hostname, port: url.port || (defaultPorts[protocol] ?? '443') }
}

/** Whose key it has to be is still asked for by the name. */
function pinSsh(
  env: Readonly<Record<string, string>>,
  { address, host, port }: { readonly address: string; readonly host: string; readonly port: string },
): Record<string, string> {
  if (!/^[\w.:[\]-]+$/.test(host))
    throw new TagshipError('repo.refused', 'the host has a name that none can have')
  const known = port === '22' ? host : `[${host}]:${port}`
  return {
    ...env,
    GIT_SSH_COMMAND: `${env.GIT_SSH_COMMAND} -o HostName=${address} -o 'HostKeyAlias=${known}'`,
  }
}
