import { randomBytes } from 'node:crypto'
import {
  refuseUnfitting,
  type Signer,
  type SourceCredential,
  TagshipError,
  type WebhookProvider,
} from '@tagship/domain'
import type { AppRecord, CommandPorts } from '../ports.ts'

/** @throws credential.invalid */
export async function setCredential(
  ports: CommandPorts,
  app: AppRecord,
  credential: SourceCredential,
  actor: string,
): Promise<void> {
  refuseUnfitting(credential, app.repoUrl)
  const shown = await ports.source.inspectCredential(credential)
  await ports.store.setCredential(app.id, credential, shown, actor)
}

/** @throws credential.notFound */
export async function removeCredential(ports: CommandPorts, app: AppRecord): Promise<void> {
  if (await ports.store.removeCredential(app.id)) return
  throw new TagshipError('credential.notFound', `${app.name} has no credential`)
}

/** Null: the keys that servers show the first time. @throws hostKeys.invalid */
export async function setKnownHosts(
  ports: CommandPorts,
  app: AppRecord,
  lines: string | null,
): Promise<void> {
  const checked = lines === null ? null : await ports.source.inspectHostKeys(lines)
  await ports.store.setKnownHosts(app.id, checked)
}

/** @throws signer.invalid */
export async function addSigner(
  ports: CommandPorts,
  app: AppRecord,
  { key, name }: { readonly key: string; readonly name: string | null },
  actor: string,
): Promise<Signer> {
  const signer = await ports.source.inspectSigner(key, name)
  await ports.store.addSigner(app.id, signer, actor)
  return signer
}

/** @throws signer.notFound */
export async function removeSigner(ports: CommandPorts, app: AppRecord, fingerprint: string): Promise<void> {
  if (await ports.store.removeSigner(app.id, fingerprint)) return
  throw new TagshipError('signer.notFound', `${app.name} has no signer ${fingerprint}`)
}

/** @returns the new secret, which cannot be read again */
export async function setWebhook(
  ports: CommandPorts,
  app: AppRecord,
  provider: WebhookProvider,
  actor: string,
): Promise<string> {
  const secret = newWebhookSecret(provider)
  await ports.store.setWebhook(app.id, provider, secret, actor)
  return secret
}

/** @throws webhook.notFound */
export async function removeWebhook(
  ports: CommandPorts,
  app: AppRecord,
  provider: WebhookProvider,
): Promise<void> {
  if (await ports.store.removeWebhook(app.id, provider)) return
  throw new TagshipError('webhook.notFound', `${app.name} has no ${provider} webhook`)
}

/** Of the plain one in the form of Standard Webhooks: `whsec_` and base64. */
function newWebhookSecret(provider: WebhookProvider): string {
  const bytes = randomBytes(32)
  return provider === 'plain' ? `whsec_${bytes.toString('base64')}` : bytes.toString('base64url')
}
