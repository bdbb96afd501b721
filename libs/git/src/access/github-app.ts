/** Tokens of a GitHub App's installation: an hour each, asked for with a key that never leaves. */
import { createPrivateKey, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { type SourceCredential, TagshipError } from '@tagship/domain'
import { type NetworkPolicy, resolveAllowed } from '@tagship/kit'
import type { Agent } from 'undici'
import { z } from 'zod'

type GithubApp = Extract<SourceCredential, { kind: 'githubApp' }>

export interface InstallationTokens {
  /** @throws git.denied, git.unreachable, repo.refused */
  tokenFor(app: GithubApp): Promise<string>
}

const answer = z.object({ token: z.string().min(1).max(4_000), expires_at: z.iso.datetime() })

const patienceMs = 10_000
const answerBytes = 64 * 1024
/** A token is not used that near its end: a fetch has to be over by then. */
const marginMs = 20 * 60_000

/** Keeps them in memory until shortly before they end. @param networks where the API may be (SSRF) */
export function installationTokens(networks: NetworkPolicy): InstallationTokens {
  const kept = new Map<string, { readonly token: string; readonly until: number }>()
  return {
    async tokenFor(app) {
      const name = `${app.apiUrl}\n${app.appId}\n${app.installationId}\n${app.privateKey}`
      const known = kept.get(name)
      if (known && known.until > Date.now()) return known.token
      const { token, expires_at } = await ask(app, networks)
      kept.set(name, { token, until: Date.parse(expires_at) - marginMs })
      return token
    },
  }
}

async function ask(app: GithubApp, networks: NetworkPolicy): Promise<z.output<typeof answer>> {
  const url = `${app.apiUrl.replace(/\/+$/, '')}/app/installations/${app.installationId}/access_tokens`
  // Seldom needed, and large.
  const { fetch } = await import('undici')
  await using agent = await agentFor(url, networks)
  const response = await fetch(url, {
    method: 'POST',
    dispatcher: agent.dispatcher,
    // A redirect would take the key's signature to somebody else.
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
    headers: {
      authorization: `Bearer ${assertion(app)}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'user-agent': 'tagship',
    },
  }).catch((cause) => {
    throw new TagshipError('git.unreachable', `${url} does not answer`, { cause })
  })
  if (response.status >= 500) throw new TagshipError('git.unreachable', `${url} answers ${response.status}`)
  const text = (await response.text()).slice(0, answerBytes)
  const parsed = answer.safeParse(response.ok ? parseJson(text) : null)
  if (parsed.success) return parsed.data
  throw new TagshipError(
    'git.denied',
    `${url} gives no token (${response.status}): check the app's id, its installation and its key`,
  )
}

/** Connects to the address that was judged, whatever the name stands for a moment later. @throws repo.refused */
async function agentFor(
  url: string,
  networks: NetworkPolicy,
): Promise<{ dispatcher: Agent } & AsyncDisposable> {
  const found = await resolveAllowed(new URL(url).hostname, networks).catch((cause) => {
    throw new TagshipError('git.unreachable', `${url} has no address`, { cause })
  })
  if ('refusal' in found) throw new TagshipError('repo.refused', found.refusal)
  const { Agent } = await import('undici')
  const { address } = found
  const dispatcher = new Agent({
    connect: { lookup: (_name, _options, done) => done(null, [{ address, family: isIP(address) }]) },
  })
  return { dispatcher, [Symbol.asyncDispose]: () => dispatcher.close() }
}

/** A JSON Web Token (RFC 7519), valid for some minutes; a clock may be a minute ahead. */
function assertion({ appId, privateKey }: GithubApp): string {
  const now = Math.floor(Date.now() / 1_000)
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iat: now - 60, exp: now + 9 * 60, iss: appId },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const signed = parts.join('.')
  const signature = sign('sha256', Buffer.from(signed), createPrivateKey(privateKey))
  return `${signed}.${signature.toString('base64url')}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
