import { setTimeout as sleep } from 'node:timers/promises'
import { parseAppName, parseHostName, parseRepoUrl, parseTagPolicy, TagshipError } from '@tagship/domain'
import type { AppPatch, AppRecord, CommandPorts } from '../ports.ts'

/** What a person gives for a new app, not yet looked at. */
export interface AppInput {
  readonly name: string
  readonly repo?: string | null | undefined
  readonly hosts?: readonly string[] | undefined
  readonly tags?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>> | undefined
  readonly runtime?: 'docker' | 'kubernetes' | undefined
}

/** @throws name.invalid, host.*, repo.*, tagRange.invalid, app.exists, app.seatsTaken */
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
    repoUrl: input.repo ? parseRepoUrl(input.repo) : null,
    hosts: hosts.length > 0 ? hosts : [parseHostName(`${name}.localhost`)],
    tagRange: parseTagPolicy(input.tags ?? '*').range,
    buildArgs: input.buildArgs ?? {},
    runtime: 'docker',
  })
  if (app.repoUrl === null) await ports.source.ensureHosted(app.name)
  await ports.router.setHosts(app.seat, app.name, app.hosts)
  if (app.repoUrl !== null) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return app
}

/** @throws host.*, repo.*, tagRange.invalid */
export async function changeApp(
  ports: CommandPorts,
  app: AppRecord,
  input: Omit<AppInput, 'name' | 'runtime'>,
): Promise<AppRecord> {
  if (app.repoUrl === null && input.repo) {
    throw new TagshipError(
      'input.invalid',
      `${app.name} is hosted by Tagship; a hosted app cannot be given another repository`,
    )
  }
  const patch: AppPatch = {
    ...(input.repo ? { repoUrl: parseRepoUrl(input.repo) } : {}),
    ...(input.hosts ? { hosts: uniqueHosts(input.hosts) } : {}),
    ...(input.tags === undefined ? {} : { tagRange: parseTagPolicy(input.tags).range }),
    ...(input.buildArgs ? { buildArgs: input.buildArgs } : {}),
  }
  const changed = await ports.store.updateApp(app.id, patch)
  if (patch.hosts) await ports.router.setHosts(changed.seat, changed.name, changed.hosts)
  if (patch.repoUrl ?? patch.tagRange) await ports.store.enqueue([{ queue: 'tags', id: app.id }])
  return changed
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
