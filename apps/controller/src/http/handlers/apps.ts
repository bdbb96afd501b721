import type { AppJson } from '@tagship/api'
import { isActive, parseHostName, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { readTextCursor, toPage } from '../cursor.ts'
import type { Handlers, ServerDeps } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentApp, presentTag } from '../present.ts'

export const appHandlers = {
  async listApps(deps, { query }) {
    const after = readTextCursor(query.cursor)
    const apps = await deps.store.listApps({
      limit: query.limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    const page = toPage(apps, query.limit, ({ name }) => name)
    return { items: await describeApps(deps, page.items), next: page.next }
  },

  async addApp(deps, { body, actor }) {
    return describeApp(deps, await deps.commands.addApp(body, actor))
  },

  async getApp(deps, { params }) {
    return describeApp(deps, await findApp(deps.store, params.app))
  },

  async changeApp(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    const patch = {
      ...(body.repo === undefined ? {} : { repo: body.repo }),
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      ...(body.addHosts || body.removeHosts
        ? { hosts: changedHosts(app, body.addHosts ?? [], body.removeHosts ?? []) }
        : {}),
      ...(body.buildArgs ? { buildArgs: changedBuildArgs(app, body.buildArgs) } : {}),
    }
    return describeApp(deps, await deps.commands.changeApp(app, patch, actor))
  },

  async removeApp(deps, { params, actor }) {
    await deps.commands.removeApp(await findApp(deps.store, params.app), actor)
    return null
  },

  async listTags(deps, { params }) {
    const judged = await deps.commands.judgeTags(await findApp(deps.store, params.app))
    return { items: judged.map(presentTag), next: null }
  },

  async hold(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.hold(app, { actor, reason: body.reason ?? null })
    return describeApp(deps, await findApp(deps.store, params.app))
  },

  async resume(deps, { params, actor }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.resume(app, actor)
    return describeApp(deps, await findApp(deps.store, params.app))
  },
} satisfies Partial<Handlers>

async function describeApp(deps: ServerDeps, app: AppRecord): Promise<AppJson> {
  const [described] = await describeApps(deps, [app])
  if (!described) throw new TagshipError('internal', `the app ${app.name} was not described`)
  return described
}

/** Three questions to the store, however many apps they are. */
async function describeApps(
  { store, publicUrl, appsUrl }: ServerDeps,
  apps: readonly AppRecord[],
): Promise<AppJson[]> {
  const ids = apps.map(({ id }) => id)
  const [current, notLive, polls] = await Promise.all([
    store.currentDeployments(ids),
    store.configNotLive(ids),
    apps.some(({ repoUrl }) => repoUrl !== null) ? store.pollState() : [],
  ])
  const deployments = Map.groupBy(current, ({ appId }) => appId)
  const pollOf = new Map(polls.map((poll) => [poll.appId, poll]))
  return apps.map((app) => {
    const own = deployments.get(app.id) ?? []
    return presentApp(app, {
      serving: own.find(({ id }) => id === app.servingDeploymentId) ?? null,
      active: own.find(({ state }) => isActive(state)) ?? null,
      queued: own.find(({ state }) => state === 'queued') ?? null,
      unhealed: own.find(({ trigger, state }) => trigger === 'heal' && state === 'failed') ?? null,
      configNotLive: notLive.get(app.id) ?? [],
      poll: pollOf.get(app.id) ?? null,
      pushUrl: app.repoUrl === null ? `${publicUrl}/git/${app.name}.git` : null,
      urls: app.hosts.map(appsUrl),
    })
  })
}

/** @throws host.invalid */
function changedHosts(app: AppRecord, add: readonly string[], remove: readonly string[]): string[] {
  const gone = remove.map(parseHostName)
  const kept = app.hosts.filter((host) => !gone.includes(host))
  return [...new Set([...kept, ...add.map(parseHostName)])]
}

function changedBuildArgs(app: AppRecord, changes: Readonly<Record<string, string | null>>) {
  const args: Record<string, string> = { ...app.buildArgs }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete args[name]
    else args[name] = value
  }
  return args
}
