/** Where an app's tags come from: what the repository is read with, who tells of new tags. */
import { TagshipError } from './errors.ts'
import type { RepoUrl } from './names.ts'

/** What a repository is read with. Held in memory for as long as git needs it, and kept sealed. */
export type SourceCredential =
  | { readonly kind: 'token'; readonly user: string; readonly token: string }
  | { readonly kind: 'sshKey'; readonly privateKey: string }
  | {
      readonly kind: 'githubApp'
      /** Client id or number of the app. */
      readonly appId: string
      readonly installationId: string
      /** `https://api.github.com`, or that of a GitHub Enterprise Server. */
      readonly apiUrl: string
      readonly privateKey: string
    }

/** Whose signatures count for an app. */
export interface Signer {
  readonly kind: 'openpgp' | 'ssh'
  /** Of an OpenPGP key 40 or 64 hex digits, of an SSH key `SHA256:…`. */
  readonly fingerprint: string
  /** For people: the user id of an OpenPGP key, the comment of an SSH key, or what they call it. */
  readonly name: string
  /** The public key: armored, or a line as in `id_ed25519.pub`. */
  readonly key: string
}

/**
 * What is given in a URL is kept and shown with it, and stands in the command line of whoever typed it.
 * @throws repo.credentials
 */
export function refuseCredentials(repoUrl: RepoUrl): void {
  const url = URL.parse(repoUrl)
  if (!url || (url.password === '' && !(url.username !== '' && url.protocol.startsWith('http')))) return
  url.username = ''
  url.password = ''
  throw new TagshipError('repo.credentials', `credentials do not belong into the URL; it is ${url.href}`)
}

/** @throws credential.invalid where it does not fit the repository */
export function refuseUnfitting(credential: SourceCredential, repoUrl: RepoUrl | null): void {
  if (repoUrl === null) throw unfit('Tagship hosts the repository itself; it needs no credential')
  const protocol = URL.parse(repoUrl)?.protocol ?? 'ssh:'
  const wanted = credential.kind === 'sshKey' ? ['ssh:'] : ['https:', 'http:']
  if (!wanted.includes(protocol)) {
    const what = credential.kind === 'sshKey' ? 'an SSH key' : 'a token'
    throw unfit(`${what} does not open ${protocol}// repositories`)
  }
}

function unfit(detail: string): TagshipError {
  return new TagshipError('credential.invalid', detail)
}
