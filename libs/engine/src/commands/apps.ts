import { setTimeout as sleep } from 'node:timers/promises'
import {
  parseAppName,
  parseHostName,
  parseRepoUrl,
  parseRoot,
  parseTagPolicy,
  type RepoUrl,
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
  readonly runtime?: 'docker' | 'kubernetes' | undefined
}

export type AppChange = Omit<AppInput, 'name' | 'runtime' | 'fromNext'>

/** @throws name.invalid, host.*, repo.*, policy.invalid, tagRange.invalid, app.exists, app.seatsTaken */
export async function addApp(ports: CommandPorts, input: AppInput): Promise<AppRecord> {
  const name = parseAppName(input.name)
  if (input.runtime === 'kubernetes') {
    throw new TagshipError(
      'input.invalid',
      'runtime: kubernetes is not available in this version; use docker',
    )
  }
  const hosts = uniqueHosts(input.hosts ?? [])
  const app = await ports.store.createApp({
    name,
    repoUrl: input.repo ? repoUrlOf(input.repo) : null,
    hosts: hosts.length > 0 ? hosts : [parseHostName(`${name}.localhost`)],
    policy: parseTagPolicy(input.policy ?? {}),
    fromNext: input.fromNext ?? false,
    root: parseRoot(input.root ?? ''),
    buildArgs: input.buildArgs ?? {},
    runtime: 'docker',
  })
  if (app.repoUrl === null) await ports.source.ensureHosted(app.name)
  // A repository that is made for the app begins empty: whatever is pushed to it comes after its first sight.
  if (app.repoUrl === null && app.fromNext) await ports.store.observeTags(app, [])
  await ports.router.setHosts(app.seat, app.name, app.hosts)
  if (app.repoUrl !== null) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return app
}

/** @throws host.*, repo.*, policy.invalid, tagRange.invalid */
export async function changeApp(ports: CommandPorts, app: AppRecord, input: AppChange): Promise<AppRecord> {
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
  }
  const changed = await ports.store.updateApp(app.id, patch)
  if (patch.hosts) await ports.router.setHosts(changed.seat, changed.name, changed.hosts)
  if (patch.repoUrl ?? patch.policy) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return changed
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
