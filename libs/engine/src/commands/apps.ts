import { setTimeout as sleep } from 'node:timers/promises'
import {
  isActive,
  parseAppName,
  parseHostName,
  parseRepoUrl,
  parseRoot,
  parseTagPolicy,
  type RepoUrl,
  type RuntimeName,
  refuseCredentials,
  type TagPolicyInput,
  TagshipError,
} from '@tagship/domain'
import type { AppPatch, AppRecord, CommandPorts } from '../ports.ts'

/** What a person gives for a new app, not yet looked at. */
export interface AppInput {
  readonly name: string
  readonly repo?: string | null | undefined
  readonly hosts?: readonly string[] | undefined
  readonly policy?: TagPolicyInput | undefined
  readonly fromNext?: boolean | undefined
  readonly root?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>> | undefined
  readonly runtime?: RuntimeName | undefined
  readonly cluster?: string | null | undefined
  readonly namespace?: string | null | undefined
}

export type AppChange = Omit<AppInput, 'name' | 'fromNext'>

/** @throws name.invalid, host.*, repo.*, policy.invalid, tagRange.invalid, app.exists, app.seatsTaken */
export async function addApp(ports: CommandPorts, input: AppInput): Promise<AppRecord> {
  const name = parseAppName(input.name)
  const whereabouts = whereaboutsOf(input)
  await ports.places[whereabouts.runtime].requireRoom(whereabouts)
  const hosts = uniqueHosts(input.hosts ?? [])
  const app = await ports.store.createApp({
    name,
    repoUrl: input.repo ? repoUrlOf(input.repo) : null,
    hosts: hosts.length > 0 ? hosts : [parseHostName(`${name}.localhost`)],
    policy: parseTagPolicy(input.policy ?? {}),
    fromNext: input.fromNext ?? false,
    root: parseRoot(input.root ?? ''),
    buildArgs: input.buildArgs ?? {},
    ...whereabouts,
  })
  if (app.repoUrl === null) await ports.source.ensureHosted(app.name)
  // A repository that is made for the app begins empty: whatever is pushed to it comes after its first sight.
  if (app.repoUrl === null && app.fromNext) await ports.store.observeTags(app, [])
  await ports.places[app.runtime].router.setHosts(app.seat, app.name, app.hosts)
  if (app.repoUrl !== null) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return app
}

/**
 * With another runtime, what serves is deployed there as it is: a deployment like any other, which can be undone.
 * @throws host.*, repo.*, policy.invalid, tagRange.invalid, app.busy
 */
export async function changeApp(
  ports: CommandPorts,
  app: AppRecord,
  input: AppChange,
  actor: string,
): Promise<AppRecord> {
  if (app.repoUrl === null && input.repo) {
    throw new TagshipError(
      'input.invalid',
      `${app.name} is hosted by Tagship; a hosted app cannot be given another repository`,
    )
  }
  const patch: AppPatch = {
    ...(input.repo ? { repoUrl: repoUrlOf(input.repo) } : {}),
    ...(input.hosts ? { hosts: uniqueHosts(input.hosts) } : {}),
    ...(input.policy === undefined ? {} : { policy: parseTagPolicy(input.policy, app.policy) }),
    ...(input.root === undefined ? {} : { root: parseRoot(input.root) }),
    ...(input.buildArgs ? { buildArgs: input.buildArgs } : {}),
    ...(await changedPlace(ports, app, input)),
  }
  const changed = await ports.store.updateApp(app.id, patch)
  if (patch.hosts)
    await ports.places[changed.runtime].router.setHosts(changed.seat, changed.name, changed.hosts)
  if (input.runtime !== undefined) await move(ports, changed, actor)
  if (patch.repoUrl ?? patch.policy) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return changed
}

type Whereabouts = Pick<AppRecord, 'runtime' | 'cluster' | 'namespace'>

/** @throws input.invalid */
function whereaboutsOf({
  runtime = 'docker',
  cluster = null,
  namespace = null,
}: Partial<AppInput>): Whereabouts {
  if (runtime === 'docker' && (cluster !== null || namespace !== null)) {
    throw new TagshipError('input.invalid', 'cluster and namespace are for apps with the runtime kubernetes')
  }
  if (namespace !== null && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new TagshipError(
      'input.invalid',
      `"${namespace}" is no name of a namespace: it takes a-z, 0-9 and -, 63 characters at most`,
    )
  }
  return { runtime, cluster, namespace }
}

/** @throws input.invalid, app.busy */
async function changedPlace(
  ports: CommandPorts,
  app: AppRecord,
  input: AppChange,
): Promise<Partial<Whereabouts>> {
  const { runtime = app.runtime, cluster, namespace } = input
  if (runtime === app.runtime && cluster === undefined && namespace === undefined) return {}
  const wanted = whereaboutsOf({ runtime, cluster, namespace })
  // Where it was last stays known: what it leaves there has to be found.
  if (runtime === 'docker') return { runtime }
  const [placed] = await ports.store.placements({ app: app.name })
  if (placed && (app.cluster !== wanted.cluster || app.namespace !== wanted.namespace)) {
    throw new TagshipError(
      'app.busy',
      `${app.name} is in the namespace ${placed.namespace} of a cluster: bring it to docker first, and from there to the other one`,
    )
  }
  await ports.places[runtime].requireRoom(wanted)
  return wanted
}

/** A no-op where what serves is there, or on its way: asked again after a crash, it goes on. */
async function move(ports: CommandPorts, app: AppRecord, actor: string): Promise<void> {
  const serving = app.servingDeploymentId && (await ports.store.deploymentById(app.servingDeploymentId))
  if (!serving || serving.runtime === app.runtime) return
  const newest = await ports.store.newestDeployment(app.id)
  const isOnItsWay = newest && (newest.state === 'queued' || isActive(newest.state))
  if (isOnItsWay && newest.runtime === app.runtime) return
  await ports.places[app.runtime].router.setHosts(app.seat, app.name, app.hosts)
  const what = { kind: 'again', releaseId: serving.releaseId } as const
  const reason = `from ${serving.runtime} to ${app.runtime}`
  await ports.store.createDeployment({ app, trigger: 'manual', actor, reason, what })
}

function repoUrlOf(text: string): RepoUrl {
  const url = parseRepoUrl(text)
  refuseCredentials(url)
  return url
}

/** How long a person is made to wait until all of an app is gone; the work goes on all the same. */
const removalPatienceMs = 60_000

/** Instances, route, network and mirror go; the history stays. @throws app.busy */
export async function removeApp(ports: CommandPorts, app: AppRecord): Promise<void> {
  await ports.store.removeApp(app.id)
  // The work itself is a job, so that it is done by one at a time, and by the next should this process die.
  const deadline = Date.now() + removalPatienceMs
  while ((await ports.store.removedApps()).some(({ id }) => id === app.id) && Date.now() < deadline) {
    await sleep(50)
  }
}

function uniqueHosts(hosts: readonly string[]) {
  const parsed = hosts.map(parseHostName)
  const twice = parsed.find((host, index) => parsed.indexOf(host) !== index)
  if (twice) throw new TagshipError('host.invalid', `${twice} is given twice`)
  return parsed
}
