/**
 * Whether a delivery comes from who knows the secret, in the way of each provider. What is compared is compared
 * in constant time, as digests of one length.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { WebhookProvider } from '@tagship/domain'

export interface Delivery {
  readonly body: Buffer
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** How old, and how far ahead, a delivery that tells its time may be. */
const toleranceMs = 5 * 60_000

type Check = (delivery: Delivery, secret: string) => boolean

const checks = {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github: ({ body, header }, secret) =>
    equal(header('x-hub-signature-256'), `sha256=${hmac(secret, body).toString('hex')}`),
  // https://docs.gitlab.com/user/project/integrations/webhooks/: the secret itself, over TLS.
  gitlab: ({ header }, secret) => equal(header('x-gitlab-token'), secret),
  // https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
  gitea: ({ body, header }, secret) => equal(header('x-gitea-signature'), hmac(secret, body).toString('hex')),
  forgejo: ({ body, header }, secret) =>
    equal(header('x-forgejo-signature') ?? header('x-gitea-signature'), hmac(secret, body).toString('hex')),
  // https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/; Data Center signs in the same way.
  bitbucket: ({ body, header }, secret) =>
    equal(header('x-hub-signature'), `sha256=${hmac(secret, body).toString('hex')}`),
  plain: isStandardWebhook,
} as const satisfies Record<WebhookProvider, Check>

/** Takes as long for a wrong signature as for a right one. */
export function isSigned(provider: WebhookProvider, delivery: Delivery, secret: string): boolean {
  return checks[provider](delivery, secret)
}

/**
 * What makes a delivery the one it is: what was signed, so that nobody can send it again under another name.
 * GitLab signs nothing; there, its own id for the event tells two alike apart.
 */
export function digestOf(provider: WebhookProvider, { body, header }: Delivery): string {
  const hash = createHash('sha256').update(`${provider}\n`)
  if (provider === 'plain') hash.update(`${header('webhook-id')}.${header('webhook-timestamp')}.`)
  if (provider === 'gitlab') hash.update(`${header('x-gitlab-event-uuid') ?? ''}\n`)
  return hash.update(body).digest('hex')
}

/** https://www.standardwebhooks.com: `v1,BASE64` over id, time and body; there may be several, while a secret changes. */
function isStandardWebhook({ body, header, now }: Delivery, secret: string): boolean {
  const [id, time, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header)
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')}`
  const given = (signatures ?? '').split(' ').slice(0, 10)
  const signed = given.map((signature) => equal(signature, expected)).includes(true)
  const inTime = /^\d{1,12}$/.test(time ?? '') && Math.abs(now - Number(time) * 1_000) <= toleranceMs
  return signed && inTime && /^\S{1,256}$/.test(id ?? '')
}

function hmac(secret: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(body).digest()
}

function equal(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(expected)) && given !== undefined
}
