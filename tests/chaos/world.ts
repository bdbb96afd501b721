/** What a fault strikes: an installation with one app under traffic, on a machine of its own. */
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeploymentJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain'
import { type CommandOutcome, type Installation, startInstallation } from '@tagship/tests/installation'
import { localBase, type SampleApp, sampleApp } from '@tagship/tests/sample-app'
import { type GivenServers, startGivenServers } from './given-servers.ts'
import type { Machine } from './machine.ts'
import { until } from './until.ts'

export interface World extends AsyncDisposable {
  readonly machine: Machine
  readonly at: Installation
  /** Where the world was made with them. */
  readonly given: GivenServers | null
  readonly repository: SampleApp
  /** The version that answers now, `0.0.7`. */
  version(): Promise<string>
  /** Commits, tags and pushes the next version, which makes a deployment. It may be broken on purpose. */
  release(files?: Readonly<Record<string, string>>): Promise<string>
  /**
   * The same, without waiting for what comes of it: `pushed` is kept when the pusher is let go. Through the
   * controller on another port where one is given.
   */
  begin(
    files?: Readonly<Record<string, string>>,
    port?: number,
  ): Promise<{ readonly version: string; readonly pushed: Promise<CommandOutcome> }>
  newest(): Promise<DeploymentJson>
  /** Waits until the newest deployment is in one of the states. */
  untilState(...states: DeploymentState[]): Promise<DeploymentJson>
  /** From now on the controller meets this fault point (`switching.acted`, `…:pause`), once; or none. */
  arm(fault?: string): Promise<void>
  /** Waits until the controller is at the point that was armed. */
  struck(): Promise<void>
  /** Waits until the controller has ended by itself, as its fault point told it to. */
  controllerDied(): Promise<void>
  /** Lets a controller go on that waits at its fault point. */
  resumeController(): Promise<void>
}

export const app = 'shop'
export const host = `${app}.localhost`

/** @param servers `given`: Postgres and Redis behind gateways that can be cut */
export async function startWorld(machine: Machine, servers: 'own' | 'given'): Promise<World> {
  await using cleanup = new AsyncDisposableStack()
  const given = servers === 'given' ? cleanup.use(await startGivenServers()) : null
  const faults = await mkdtemp(join(tmpdir(), 'tagship-faults-'))
  cleanup.defer(() => rm(faults, { recursive: true, force: true }))
  const faultFile = join(faults, 'fault')
  const env = { ...given?.env, TAGSHIP_FAULT: `@${faultFile}` }
  const at = cleanup.use(await startInstallation({ env }))
  const repository = cleanup.use(await sampleApp())
  let number = 0

  const world = {
    machine,
    at,
    given,
    repository,
    version: async () => (await at.fetch(host)).version ?? '',
    async begin(files: Readonly<Record<string, string>> = {}, port?: number) {
      number += 1
      const version = `0.0.${number}`
      await repository.version(version, files)
      const push = port === undefined ? at.push : at.pushThrough.bind(null, port)
      return { version, pushed: push(app, repository, 'main', `v${version}`) }
    },
    async release(files?: Readonly<Record<string, string>>) {
      const { version, pushed } = await world.begin(files)
      await pushed
      return version
    },
    async newest() {
      const { items } = await at.client.listDeployments({ params: { app }, query: { limit: 1 } })
      if (!items[0]) throw new Error('there is no deployment')
      return items[0]
    },
    async untilState(...states: DeploymentState[]) {
      let found: DeploymentJson | undefined
      await until(`the newest deployment is ${states.join(' or ')}`, 60_000, async () => {
        found = await world.newest()
        return states.includes(found.state)
      })
      return found as DeploymentJson
    },
    async arm(fault?: string) {
      // Whole at once: the controller may look at any time.
      await writeFile(`${faultFile}.new`, fault ?? 'none')
      await rename(`${faultFile}.new`, faultFile)
    },
    struck: () => until('the fault point is reached', 30_000, () => !existsSync(faultFile)),
    async controllerDied() {
      const pid = await at.pid()
      await until(`the controller (pid ${pid}) has ended`, 60_000, () => !existsSync(`/proc/${pid}`))
    },
    resumeController: async () => void process.kill(await at.pid(), 'SIGUSR2'),
  }
  await at.json(['app', 'add', app, '--build-arg', await localBase()])
  await world.release()
  await world.untilState('live')
  const owned = cleanup.move()
  return { ...world, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
