/** A remote repository as git gets to see it: credentials apart from the address. */
import { type RepoUrl, TagshipError } from '@tagship/domain'
import { remoteEnvironment } from '../environment.ts'

export interface Remote {
  /** Without password or token: fit for an argument array, a log and an error. */
  readonly address: string
  readonly env: Record<string, string>
}

/** A helper of gitcredentials(7). The text is always the same: what it prints comes from the environment. */
const credentialHelper =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$TAGSHIP_GIT_USER" "$TAGSHIP_GIT_PASSWORD"; }; f'

/** For http(s): any server takes one of these. */
export interface Login {
  readonly user: string
  readonly password: string
}

/**
 * Credentials, those given or those in an http(s) URL, are handed to git through its environment, for that server alone: git would
 * put the URL on the command line of its own helpers, for everybody to see.
 * @throws repo.invalid
 */
export function remoteOf(repoUrl: RepoUrl, login: Login | null = null): Remote {
  const url = URL.parse(repoUrl)
  // git@host:path has no scheme.
  if (!url || url.protocol === 'ssh:') {
    return { address: withoutPassword(url, repoUrl), env: remoteEnvironment('ssh', {}) }
  }
  if (url.protocol === 'file:') return { address: repoUrl, env: remoteEnvironment('file', {}) }
  const protocols = url.protocol === 'http:' ? 'http:https' : 'https'
  if (!login && !url.username && !url.password) {
    return { address: repoUrl, env: remoteEnvironment(protocols, {}) }
  }
  const credentials = {
    TAGSHIP_GIT_USER: login?.user ?? decode(url.username),
    TAGSHIP_GIT_PASSWORD: login?.password ?? decode(url.password),
  }
  url.username = ''
  url.password = ''
  const config = {
    // The URL's credentials count, not those that the operator's own helpers know.
    'credential.helper': '',
    [`credential.${url.origin}.helper`]: credentialHelper,
  }
  return { address: url.href, env: { ...remoteEnvironment(protocols, config), ...credentials } }
}

function decode(part: string): string {
  const text = percentDecoded(part)
  // A helper's answer is lines of text.
  if (/[\r\n\0]/.test(text)) {
    throw new TagshipError('repo.invalid', 'the user name or password in the repository URL has a line break')
  }
  return text
}

function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone percent sign stands for itself.
    return part
  }
}

function withoutPassword(url: URL | null, repoUrl: string): string {
  if (!url?.password) return repoUrl
  url.password = ''
  return url.href
}
