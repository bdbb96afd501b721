import type { ListedDeploymentJson } from '@tagship/api'
import type { Deployment } from '@tagship/domain'
import type { DeploymentFilter } from '@tagship/store'
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

  async promote(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.promote(params.id, actor))
  },

  async cancel(deps, { params, actor }) {
    await findDeployment(deps.store, params.id)
    return presentDeployment(await deps.commands.cancel(params.id, actor))
  },
} satisfies Partial<Handlers>

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
