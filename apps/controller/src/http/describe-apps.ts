/** Apps as the JSON of the API, with what is under way and what is wrong. */
import type { AppJson } from '@tagship/api'
import { isActive, type JudgedTag, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { ServerDeps } from './handler.ts'
import { type AppSituation, presentApp } from './present.ts'

export async function describeApp(deps: ServerDeps, app: AppRecord): Promise<AppJson> {
  const [described] = await describeApps(deps, [app])
  if (!described) throw new TagshipError('internal', `the app ${app.name} was not described`)
  return described
}

export async function describeApps(deps: ServerDeps, apps: readonly AppRecord[]): Promise<AppJson[]> {
  return (await readSituations(deps, apps)).map(({ app, situation }) => presentApp(app, situation))
}

/**
 * In the order of the apps. Some questions to the store, however many they are; one more for each that has a tag
 * which moved. @param known what is known of those already
 */
export async function readSituations(
  { store, commands, publicUrl, appUrl }: ServerDeps,
  apps: readonly AppRecord[],
  known?: ReadonlyMap<string, readonly JudgedTag[]>,
): Promise<{ app: AppRecord; situation: AppSituation }[]> {
  const ids = apps.map(({ id }) => id)
  const [current, notLive, alerts, polls] = await Promise.all([
    store.currentDeployments(ids),
    store.configNotLive(ids),
    known ?? movedTags({ store, commands }, apps),
    apps.some(({ repoUrl }) => repoUrl !== null) ? store.pollState() : [],
  ])
  const deployments = Map.groupBy(current, ({ appId }) => appId)
  const pollOf = new Map(polls.map((poll) => [poll.appId, poll]))
  return apps.map((app) => {
    const own = deployments.get(app.id) ?? []
    const situation = {
      serving: own.find(({ id }) => id === app.servingDeploymentId) ?? null,
      warm:
        own.find(
          ({ id, state }) => id !== app.servingDeploymentId && (state === 'live' || state === 'retired'),
        ) ?? null,
      active: own.find(({ state }) => isActive(state)) ?? null,
      queued: own.find(({ state }) => state === 'queued') ?? null,
      unhealed: own.find(({ trigger, state }) => trigger === 'heal' && state === 'failed') ?? null,
      configNotLive: notLive.get(app.id) ?? [],
      alerts: alerts.get(app.id) ?? [],
      poll: pollOf.get(app.id) ?? null,
      pushUrl: app.repoUrl === null ? `${publicUrl}/git/${app.name}.git` : null,
      urls: app.hosts.map((host) => appUrl(app, host)),
    }
    return { app, situation }
  })
}

/** Tags that would fit, and are blocked because they moved; by app, for those that have any. */
export async function movedTags(
  { store, commands }: Pick<ServerDeps, 'store' | 'commands'>,
  apps: readonly AppRecord[],
): Promise<Map<string, readonly JudgedTag[]>> {
  const moved = await store.appsWithMovedTags(apps.map(({ id }) => id))
  const found = new Map<string, readonly JudgedTag[]>()
  for (const app of apps) if (moved.has(app.id)) found.set(app.id, await commands.movedTags(app))
  return found
}
