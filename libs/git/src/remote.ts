/** A remote repository as git gets to see it: credentials apart from the address. */
import type { RepoUrl } from '@tagship/domain'
import { type GitConfig, remoteEnvironment } from './environment.ts'

export interface Remote {
  /** Without password or token: fit for an argument array, a log and an error. */
  readonly address: string
  readonly env: Record<string, string>
}

/**
 * Credentials in an http(s) URL become an `Authorization` header for that server alone, handed to git in
 * its environment: git would put the URL on the command line of its helper, for everybody to see.
 */
export function remoteOf(repoUrl: RepoUrl): Remote {
  const url = URL.parse(repoUrl)
  // git@host:path has no scheme.
  if (!url || url.protocol === 'ssh:')
    return { address: withoutPassword(url, repoUrl), env: remoteEnvironment('ssh', {}) }
  if (url.protocol === 'file:') return { address: repoUrl, env: remoteEnvironment('file', {}) }
  const config = authorization(url)
  url.username = ''
  url.password = ''
  const protocols = url.protocol === 'http:' ? 'http:https' : 'https'
  return { address: url.href, env: remoteEnvironment(protocols, config) }
}

function authorization(url: URL): GitConfig {
  if (!url.username && !url.password) return {}
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  const basic = Buffer.from(credentials).toString('base64')
  return { [`http.${url.origin}/.extraHeader`]: `Authorization: Basic ${basic}` }
}

function withoutPassword(url: URL | null, repoUrl: string): string {
  if (!url?.password) return repoUrl
  url.password = ''
  return url.href
}
