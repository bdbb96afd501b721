/**
 * Whether tags and commits are signed by an app's signers. git itself decides (git-verify-tag(1), git-verify-commit(1)),
 * with the keys of those signers and no others. Nothing of the commit's content is read.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CommitSha, quote, type Signer, type TagName } from '@tagship/domain'
import type { SignatureCheck } from '@tagship/engine'
import { inRepository, type LocalRepository, localOptions } from '../local.ts'
import { runGit } from '../run-git.ts'
import { type GpgHome, gpgHome } from './gpg-home.ts'

export interface VerifyRequest {
  readonly repository: LocalRepository
  /** Null: the commit is deployed by its SHA. */
  readonly tag: { readonly name: TagName; readonly refSha: string } | null
  readonly commit: CommitSha
  readonly verify: 'tag' | 'commit' | 'both'
  readonly signers: readonly Signer[]
  /** For key rings that last as long as the check. */
  readonly folder: string
}

/** @throws git.failed */
export async function verifySignatures(request: VerifyRequest): Promise<SignatureCheck> {
  const { signers, verify } = request
  if (signers.length === 0) {
    return wrong('the app has no signers, so nobody’s signature counts: tagship app signer add')
  }
  const armored = signers.filter(({ kind }) => kind === 'openpgp').map(({ key }) => key)
  await using home = await gpgHome(request.folder, armored)
  const ring = await layOutRing(home, signers)
  const checks: SignatureCheck[] = []
  if (verify !== 'commit') checks.push(await verifyTag(request, ring))
  if (verify !== 'tag') checks.push(await verifyCommit(request, ring))
  const refusal = checks.find(({ outcome }) => outcome !== 'passed')
  return refusal ?? { outcome: 'passed', why: checks.map(({ why }) => why).join(', ') }
}

/** What git needs to know the signers by. */
interface Ring {
  readonly env: Readonly<Record<string, string>>
  readonly config: Readonly<Record<string, string>>
  readonly signers: readonly Signer[]
}

async function layOutRing({ env }: GpgHome, signers: readonly Signer[]): Promise<Ring> {
  const allowed = join(env.GNUPGHOME ?? '', 'allowed_signers')
  const lines = signers
    .filter(({ kind }) => kind === 'ssh')
    .map(({ key, fingerprint }) => `${fingerprint} namespaces="git" ${key}\n`)
  await writeFile(allowed, lines.join(''), { mode: 0o600 })
  const config = {
    'gpg.program': 'gpg',
    'gpg.ssh.program': 'ssh-keygen',
    'gpg.ssh.allowedSignersFile': allowed,
    // Certificates of the machine's own trust store count for nothing here.
    'gpg.x509.program': '/bin/false',
    'gpg.minTrustLevel': 'undefined',
  }
  return { env, config, signers }
}

/**
 * A signed tag says which name it was made for. Its object can be put under any other name, and would carry its
 * signature there: a name that is not the one that was signed is a wrong signature.
 */
async function verifyTag(request: VerifyRequest, ring: Ring): Promise<SignatureCheck> {
  const { repository, tag, commit } = request
  if (tag === null) return unsigned('a commit that is deployed by its SHA has no tag that could be signed')
  const label = `the tag ${quote(tag.name)}`
  if (tag.refSha === commit) return unsigned(`${label} is a lightweight one, which cannot be signed`)
  const object = await inRepository(repository, ['cat-file', 'tag', tag.refSha])
  const header = object.slice(0, object.indexOf('\n\n'))
  const [, target] = /^object ([0-9a-f]+)$/m.exec(header) ?? []
  const [, name] = /^tag (.*)$/m.exec(header) ?? []
  if (!hasSignature(object)) return unsigned(`${label} is not signed`)
  if (name !== tag.name) return wrong(`${label} was signed under the name ${quote(name ?? '')}`)
  const end = await inRepository(repository, ['rev-parse', `${target}^{commit}`])
  if (end.trim() !== commit) return wrong(`${label} does not lead to commit ${commit.slice(0, 7)}`)
  return run(request, ring, ['verify-tag', '--raw', tag.refSha], label)
}

async function verifyCommit(request: VerifyRequest, ring: Ring): Promise<SignatureCheck> {
  const { repository, commit } = request
  const label = `the commit ${commit.slice(0, 7)}`
  const object = await inRepository(repository, ['cat-file', 'commit', commit])
  const header = object.slice(0, object.indexOf('\n\n'))
  if (!/^gpgsig(-sha256)? /m.test(header)) return unsigned(`${label} is not signed`)
  return run(request, ring, ['verify-commit', '--raw', commit], label)
}

function hasSignature(object: string): boolean {
  return /^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$/m.test(object)
}

async function run(
  { repository }: VerifyRequest,
  { env, config, signers }: Ring,
  args: readonly string[],
  label: string,
): Promise<SignatureCheck> {
  const options = localOptions({ config })
  const result = await runGit([`--git-dir=${repository.gitDir}`, ...args], {
    ...options,
    env: { ...options.env, ...env },
  })
  const status = result.stderr
  const signer = signerIn(status, signers)
  if (result.exitCode === 0 && signer) {
    return { outcome: 'passed', why: `${label} is signed by ${signer.name} (${signer.fingerprint})` }
  }
  return wrong(`${label} ${reasonIn(status)}`)
}

/** The key that made it, as gpg or ssh-keygen tell it; one that is none of the signers' counts as no key at all. */
function signerIn(status: string, signers: readonly Signer[]): Signer | null {
  const validity = /^\[GNUPG:\] VALIDSIG (\S+)(?: \S+){8} ?(\S+)?/m.exec(status)
  const ssh = /^Good "git" signature for .+ with \S+ key (SHA256:\S+)$/m.exec(status)
  const made = [validity?.[1], validity?.[2], ssh?.[1]].filter((one) => one !== undefined)
  return signers.find(({ fingerprint }) => made.includes(fingerprint)) ?? null
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/^\[GNUPG:\] REVKEYSIG/m, 'is signed with a key that was revoked'],
  [/^\[GNUPG:\] EXPKEYSIG/m, 'is signed with a key that has expired'],
  [/^\[GNUPG:\] EXPSIG/m, 'has a signature that has expired'],
  [/^\[GNUPG:\] BADSIG/m, 'was changed after it was signed'],
  [/^\[GNUPG:\] (NO_PUBKEY|ERRSIG)/m, 'is signed with a key that is none of the app’s signers'],
  [/No principal matched|no principal matched/m, 'is signed with a key that is none of the app’s signers'],
  [/incorrect signature|Signature verification failed/m, 'was changed after it was signed'],
  [/Good "git" signature with/m, 'is signed with a key that is none of the app’s signers'],
]

function reasonIn(status: string): string {
  return reasons.find(([pattern]) => pattern.test(status))?.[1] ?? 'has a signature that cannot be verified'
}

function unsigned(why: string): SignatureCheck {
  return { outcome: 'unsigned', why }
}

function wrong(why: string): SignatureCheck {
  return { outcome: 'wrong signature', why }
}
