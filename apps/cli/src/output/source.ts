/** How an app's repository is reached, for a person. */
import type { SignerJson, SourceJson, WebhookSecretJson } from '@tagship/api'
import { type Cell, type Column, renderFields } from './table.ts'
import { ago } from './time.ts'

const kinds = { token: 'an access token', sshKey: 'an SSH key', githubApp: 'a GitHub App' } as const

export function describeCredential(app: string, credential: SourceJson['credential']): string[] {
  if (!credential) return [`${app}: its repository is read without a credential`]
  const fields: (readonly [string, Cell])[] = [
    ['read with', kinds[credential.kind]],
    ...Object.entries(credential.shown),
    ['set', `by ${credential.setBy}, ${ago(credential.setAt)}`],
  ]
  if (!credential.readable) {
    fields.push(['trouble', { text: 'sealed with another key: set it again', style: 'red' }])
  }
  return renderFields(fields)
}

export const signerColumns: readonly Column[] = [
  { header: 'SIGNER', give: 2 },
  { header: 'KIND' },
  { header: 'FINGERPRINT' },
  { header: 'ADDED', give: 1 },
]

export function signerRow({ name, kind, fingerprint, addedBy, addedAt }: SignerJson): Cell[] {
  return [name, kind, fingerprint, `by ${addedBy}, ${ago(addedAt)}`]
}

export const webhookColumns: readonly Column[] = [
  { header: 'PROVIDER' },
  { header: 'URL', give: 1 },
  { header: 'LAST DELIVERY' },
]

export function webhookRow({ provider, url, lastAt }: SourceJson['webhooks'][number]): Cell[] {
  return [provider, url, lastAt ? ago(lastAt) : 'none yet']
}

const howTo = {
  github: 'Settings → Webhooks: content type application/json, events: branch or tag creation, and pushes',
  gitlab: 'Settings → Webhooks: the secret is its "secret token"; trigger: tag push events',
  gitea: 'Settings → Webhooks → Gitea: POST, application/json; trigger on: create, push',
  forgejo: 'Settings → Webhooks → Forgejo: POST, application/json; trigger on: create, push',
  bitbucket: 'Repository settings → Webhooks: trigger: repository push',
  plain: 'sign as https://www.standardwebhooks.com says: webhook-id, webhook-timestamp, webhook-signature',
} as const satisfies Record<WebhookSecretJson['provider'], string>

export function describeNewWebhook({ provider, url, secret }: WebhookSecretJson): string[] {
  return [
    ...renderFields([
      ['url', url],
      ['secret', secret ?? 'was shown before; run it again for a new one'],
      ['where', howTo[provider]],
    ]),
    '',
    'The secret is not shown again. A delivery is a hint only: tags are read from the repository.',
  ]
}
