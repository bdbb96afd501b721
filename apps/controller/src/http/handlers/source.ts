import type { SourceJson } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { Handlers, ServerDeps } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentSigner, presentSource, presentWebhook } from '../present-source.ts'

export const sourceHandlers = {
  async getSource(deps, { params }) {
    return describeSource(deps, await findApp(deps.store, params.app))
  },

  async setCredential(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.setCredential(app, body.credential, actor)
    return describeSource(deps, app)
  },

  async removeCredential(deps, { params }) {
    await deps.commands.removeCredential(await findApp(deps.store, params.app))
    return null
  },

  async setHostKeys(deps, { params, body }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.setKnownHosts(app, body.knownHosts)
    return describeSource(deps, app)
  },

  async addSigner(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    const { fingerprint } = await deps.commands.addSigner(app, body, actor)
    const { signers } = await deps.store.sourceSettings(app.id)
    const added = signers.find((signer) => signer.fingerprint === fingerprint)
    if (!added) throw new TagshipError('internal', `the signer ${fingerprint} was not added`)
    return presentSigner(added)
  },

  async removeSigner(deps, { params }) {
    await deps.commands.removeSigner(await findApp(deps.store, params.app), params.fingerprint)
    return null
  },

  async setWebhook(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    const secret = await deps.commands.setWebhook(app, body.provider, actor)
    const { webhooks } = await deps.store.sourceSettings(app.id)
    const made = webhooks.find(({ provider }) => provider === body.provider)
    if (!made) throw new TagshipError('internal', `the webhook of ${body.provider} was not made`)
    return { ...presentWebhook(made, app, deps.publicUrl), secret }
  },

  async removeWebhook(deps, { params }) {
    await deps.commands.removeWebhook(await findApp(deps.store, params.app), params.provider)
    return null
  },
} satisfies Partial<Handlers>

async function describeSource({ store, publicUrl }: ServerDeps, app: AppRecord): Promise<SourceJson> {
  return presentSource(app, await store.sourceSettings(app.id), publicUrl)
}
