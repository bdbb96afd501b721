/** How an app's repository is reached, as it is shown: no secret is in it. */
import type { SourceSettings } from '@tagship/engine'
import type { SecretKey } from '../config/seal.ts'
import type { Database } from '../database.ts'

export const sourceSettings = (database: Database, secretKey: SecretKey) => ({
  async sourceSettings(appId: string): Promise<SourceSettings> {
    const { prisma } = database
    const where = { appId }
    const [app, credential, webhooks, signers] = await Promise.all([
      prisma.app.findUnique({ where: { id: appId }, select: { knownHosts: true } }),
      prisma.sourceCredential.findUnique({ where, omit: { sealed: true } }),
      prisma.webhook.findMany({ where, omit: { sealed: true }, orderBy: { provider: 'asc' } }),
      prisma.signer.findMany({ where, orderBy: [{ name: 'asc' }, { fingerprint: 'asc' }] }),
    ])
    return {
      credential: credential && {
        kind: credential.kind as NonNullable<SourceSettings['credential']>['kind'],
        shown: credential.shown as Record<string, string>,
        readable: credential.keyId === secretKey.id,
        setBy: credential.setBy,
        setAt: credential.setAt,
      },
      knownHosts: app?.knownHosts ?? null,
      webhooks: webhooks.map(({ provider, setBy, setAt, lastAt }) => ({
        provider: provider as SourceSettings['webhooks'][number]['provider'],
        setBy,
        setAt,
        lastAt,
      })),
      signers: signers.map(({ kind, fingerprint, name, key, addedBy, addedAt }) => ({
        kind: kind as SourceSettings['signers'][number]['kind'],
        fingerprint,
        name,
        key,
        addedBy,
        addedAt,
      })),
    }
  },
})
