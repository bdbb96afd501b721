/** Sources as the JSON of the API. */
import type { SignerJson, SourceJson } from '@tagship/api'
import type { AppRecord, SourceSettings } from '@tagship/engine'
import { withoutPassword } from './present.ts'

export function presentSource(app: AppRecord, settings: SourceSettings, publicUrl: string): SourceJson {
  const { credential, knownHosts, webhooks, signers } = settings
  return {
    repo: app.repoUrl && withoutPassword(app.repoUrl),
    credential: credential && {
      kind: credential.kind,
      shown: { ...credential.shown },
      readable: credential.readable,
      setBy: credential.setBy,
      setAt: credential.setAt.toISOString(),
    },
    knownHosts,
    webhooks: webhooks.map((webhook) => presentWebhook(webhook, app, publicUrl)),
    signers: signers.map(presentSigner),
  }
}

export function presentSigner(signer: SourceSettings['signers'][number]): SignerJson {
  const { kind, fingerprint, name, addedBy, addedAt } = signer
  return { kind, fingerprint, name, addedBy, addedAt: addedAt.toISOString() }
}

export function presentWebhook(
  { provider, setBy, setAt, lastAt }: SourceSettings['webhooks'][number],
  app: AppRecord,
  publicUrl: string,
): SourceJson['webhooks'][number] {
  return {
    provider,
    url: `${publicUrl}/api/v1/webhooks/${provider}/${app.name}`,
    setBy,
    setAt: setAt.toISOString(),
    lastAt: lastAt?.toISOString() ?? null,
  }
}
