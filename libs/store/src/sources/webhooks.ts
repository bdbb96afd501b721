/** Webhooks: the secrets that deliveries are held against, and the deliveries that were accepted. */
import type { WebhookProvider } from '@tagship/domain'
import { type SecretKey, type SecretPlace, seal, unseal } from '../config/seal.ts'
import { type Database, storableText } from '../database.ts'
import { writeJobs } from '../outbox.ts'

const placeOf = (appId: string, provider: string): SecretPlace => ({
  appId,
  name: `webhook:${provider}`,
  version: 1,
})

/** How long a delivery is known again. What comes later may be a replay, and is still no more than a hint. */
const keptDays = 30

const set = {
  name: 'set-webhook',
  text: `
    INSERT INTO webhooks (app_id, provider, key_id, sealed, set_by, set_at) VALUES ($1, $2, $3, $4, $5, now())
    ON CONFLICT (app_id, provider) DO UPDATE SET key_id = $3, sealed = $4, set_by = $5, set_at = now()`,
}

const remove = {
  name: 'remove-webhook',
  text: 'DELETE FROM webhooks WHERE app_id = $1 AND provider = $2 RETURNING provider',
}

const select = {
  name: 'webhook-secret',
  text: `
    SELECT w.app_id AS "appId", w.key_id AS "keyId", w.sealed FROM webhooks w JOIN apps a ON a.id = w.app_id
    WHERE a.name = $1 AND w.provider = $2 AND a.removed_at IS NULL`,
}

const accept = {
  name: 'accept-delivery',
  text: `
    WITH told AS (UPDATE webhooks SET last_at = now() WHERE app_id = $1 AND provider = $2)
    INSERT INTO webhook_deliveries (app_id, digest) VALUES ($1, $3)
    ON CONFLICT (app_id, digest) DO NOTHING RETURNING digest`,
}

const forget = {
  name: 'forget-deliveries',
  text: `DELETE FROM webhook_deliveries WHERE at < now() - interval '${keptDays} days'`,
}

interface SealedRow {
  readonly appId: string
  readonly keyId: string
  readonly sealed: Buffer
}

export const webhooks = (database: Database, secretKey: SecretKey) => ({
  async setWebhook(appId: string, provider: WebhookProvider, secret: string, actor: string): Promise<void> {
    const sealed = seal(secretKey, placeOf(appId, provider), secret)
    await database.query(set, [appId, provider, secretKey.id, sealed, storableText(actor)])
  },

  async removeWebhook(appId: string, provider: WebhookProvider): Promise<boolean> {
    return (await database.query(remove, [appId, provider])).length > 0
  },

  /** @returns null where there is no such app, or none with this webhook. @throws secret.wrongKey, secret.damaged */
  async webhookOf(app: string, provider: WebhookProvider): Promise<{ appId: string; secret: string } | null> {
    const [row] = await database.query<SealedRow & Record<string, unknown>>(select, [app, provider])
    return row ? { appId: row.appId, secret: unseal(secretKey, placeOf(row.appId, provider), row) } : null
  },

  /**
   * Notes the delivery and, where it tells of tags, has the repository looked at: both or neither.
   * @returns false where it was accepted before
   */
  acceptDelivery(
    { appId, provider, digest }: { appId: string; provider: WebhookProvider; digest: string },
    look: boolean,
  ): Promise<boolean> {
    return database.transaction(async (session) => {
      if ((await session.query(accept, [appId, provider, digest])).length === 0) return false
      if (look) await writeJobs(session, [{ queue: 'tags', id: appId }])
      return true
    })
  },

  async forgetOldDeliveries(): Promise<void> {
    await database.query(forget)
  },
})
