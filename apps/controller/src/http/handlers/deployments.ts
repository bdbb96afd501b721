import type { ListedDeploymentJson } from '@tagship/api'
import type { Deployment } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { DeploymentFilter } from '@tagship/store'
import { type ComparedRelease, compareReleases } from '../compare-releases.ts'
import { readDeploymentCursor, writeDeploymentCursor } from '../cursor.ts'
import type { Handlers, ServerDeps } from '../handler.ts'
import { findApp, findDeployment } from '../look-up.ts'
import { presentDeployment, presentListed } from '../present.ts'
import { appsOf } from '../visible.ts'
import { idOfWrite } from '../writes.ts'

export const deploymentHandlers = {
  async listAllDeployments(deps, { query }) {
    return listDeployments(deps, await appsOf(deps, query.app), query)
  },

  async listDeployments(deps, { params, query }) {
    return listDeployments(deps, [await findApp(deps.store, params.app)], query)
  },

  async deploy(deps, { params, body, actor, request }) {
    const app = await findApp(deps.store, params.app)
    const { tag, commit, reason = null } = body
    const asked = { actor, reason, id: idOfWrite(request) }
    const { deployment, warnings } = await deps.commands.deploy(app, { tag, commit }, asked)
    return { ...presentDeployment(deployment), warnings: [...warnings] }
  },

  async getDeployment(deps, { params }) {
    const [listed] = await present(deps, [await findDeployment(deps.store, params.id)])
    if (!listed) throw new Error('a deployment was not presented')
    return listed
  },

  async readImage({ store, insight }, { params }) {
    const { imageDigest, imageBytes } = await findDeployment(store, params.id)
    const none = { digest: imageDigest, bytes: imageBytes, createdAt: null, layers: null }
    if (imageDigest === null) return { ...none, present: false }
    const [detail, images] = await Promise.all([insight.image(imageDigest), insight.images()])
    if (!detail) return { ...none, present: images && false }
    const { bytes, createdAt, layers } = detail
    return {
      digest: imageDigest,
      bytes,
      present: true,
      createdAt: createdAt.toISOString(),
      layers: [...layers],
    }
  },

  async readChanges(deps, { params }) {
    const deployment = await findDeployment(deps.store, params.id)
    const app = await findApp(deps.store, deployment.app)
    const base = await baseOf(deps, app, deployment)
    return compareReleases(deps, app, base && compared(base), compared(deployment))
  },

  async listHealthAttempts({ store }, { params }) {
    const { id } = await findDeployment(store, params.id)
    const found = await store.healthAttempts(id)
    const items = found.map(({ firstAt, lastAt, ...rest }) => ({
      ...rest,
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
    }))
    return { items, next: null }
  },

  async promote(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.promote(params.id, actor))
  },

  async cancel(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.cancel(params.id, actor))
  },
} satisfies Partial<Handlers>

/** What serves; for what serves or has served, what served before it. */
async function baseOf(
  { store }: ServerDeps,
  app: AppRecord,
  deployment: Deployment,
): Promise<Deployment | null> {
  if (deployment.servingAt !== null) return store.servedBefore(deployment)
  return app.servingDeploymentId === null ? null : store.deploymentById(app.servingDeploymentId)
}

function compared({ releaseNumber, ...rest }: Deployment): ComparedRelease {
  const { tag, commit, imageDigest, imageBytes } = rest
  return { number: releaseNumber, tag, commit, imageDigest, imageBytes }
}

interface Query extends Pick<DeploymentFilter, 'tag' | 'actor'> {
  readonly state?: DeploymentFilter['states']
  readonly trigger?: DeploymentFilter['triggers']
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Two questions to the store, and one to the engine, however many they are. */
async function listDeployments(
  deps: ServerDeps,
  apps: readonly { readonly id: string }[] | null,
  { state, trigger, tag, actor, since, until, limit, cursor }: Query,
) {
  const filter = {
    ...{ tag, actor, states: state, triggers: trigger },
    apps: apps?.map(({ id }) => id) ?? null,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
  }
  const after = readDeploymentCursor(cursor)
  const { deployments, next } = await deps.store.findDeployments(filter, { after, limit })
  return { items: await present(deps, deployments), next: next && writeDeploymentCursor(next) }
}

async function present(
  deps: ServerDeps,
  deployments: readonly Deployment[],
): Promise<ListedDeploymentJson[]> {
  const images = deployments.length === 0 ? null : await deps.insight.images()
  return deployments.map((deployment) => presentListed(deployment, images))
}
