/** What is done to one app: each step as a user would do it, and followed until it is decided. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type DeploymentJson } from '@tagship/api'
import { type DeploymentState, isServing, isSettled } from '@tagship/domain'
import { quickManifest, type SampleApp } from '@tagship/tests/sample-app'
import { until } from '../until.ts'
import type { Action, Defect, Step } from './plan.ts'
import { awaitDeployment, persist, type Site } from './site.ts'

export interface StepOutcome {
  readonly app: string
  readonly action: Action
  readonly startedAt: number
  readonly endedAt: number
  /** Of the deployment that it is about; null where there was nothing to do. */
  readonly state: DeploymentState | null
  readonly failure: string | null
  /** Empty: as it should be. */
  readonly wrong: string
}

export interface Lane extends Site {
  readonly app: string
  readonly repository: SampleApp
}

/** Five apps boot at once on a machine with much to do: nothing good may be refused for being slow. */
export const manifest = quickManifest.replace('deadline: 10s', 'deadline: 60s')

/** How a step may end. The route back is open to what serves, and what is canceled too late is live. */
const ends = {
  deploy: ['draining', 'baking', 'live', 'retired'],
  broken: ['failed'],
  cancel: ['canceled', 'draining', 'baking', 'live', 'retired'],
  promote: ['draining', 'baking', 'live', 'retired'],
  revert: ['rolledBack', 'live', 'retired'],
  rollback: ['draining', 'baking', 'live', 'retired'],
  hold: ['draining', 'baking', 'live', 'retired'],
} as const satisfies Record<Action, readonly DeploymentState[]>

/** @param before steps that were taken already */
export async function runLane(
  lane: Lane,
  before: number,
  steps: readonly Step[],
  tell: (outcome: StepOutcome) => void,
): Promise<void> {
  let number = before + 1
  for (const step of steps) {
    number += 1
    const startedAt = Date.now()
    const version = `0.0.${number}`
    const result = await act(lane, step, version).then(
      (deployment) => judge(step, deployment),
      (error: Error) => ({ state: null, failure: null, wrong: error.message }),
    )
    const { app } = lane
    tell({ app, action: step.action, startedAt, endedAt: Date.now(), ...result })
  }
}

function judge({ action }: Step, deployment: DeploymentJson | null) {
  if (!deployment) return { state: null, failure: null, wrong: '' }
  const { state, failure, number } = deployment
  const right = (ends[action] as readonly string[]).includes(state)
  const said = failure ? `: ${failure.code}: ${failure.message}` : ''
  return {
    state,
    failure: failure?.code ?? null,
    wrong: right ? '' : `deployment ${number} is ${state}${said}`,
  }
}

/** @returns the deployment that came of it, decided; null where there was nothing to do */
async function act(lane: Lane, step: Step, version: string): Promise<DeploymentJson | null> {
  const { at } = lane
  const params = { app: lane.app }
  switch (step.action) {
    case 'deploy':
      return deploy(lane, version)
    case 'broken':
      return deploy(lane, version, await filesWith(step.defect))
    case 'cancel': {
      const { id } = await appears(lane, version)
      await sleep(step.delayMs)
      await unlessTooLate(() => at.client.cancel({ params: { id } }))
      return decided(lane, id)
    }
    case 'promote': {
      const waiting = manifest.replace('rollout: {', 'rollout: { promotion: manual,')
      const { id } = await appears(lane, version, { ...(await good()), 'tagship.yaml': waiting })
      await reaches(lane, id, ({ state }) => state === 'awaitingPromotion' || isSettled(state))
      await unlessTooLate(() => at.client.promote({ params: { id } }))
      return decided(lane, id)
    }
    case 'revert': {
      const { id } = await deploy(lane, version)
      await goBack(lane)
      return reaches(lane, id, ({ state }) => isSettled(state))
    }
    case 'rollback': {
      await settles(lane)
      return goBack(lane)
    }
    case 'hold': {
      await persist(() => at.client.hold({ params, body: {} }))
      await push(lane, version, await good())
      await persist(() => at.client.resume({ params }))
      return decided(lane, (await ofTag(lane, version)).id)
    }
  }
}

async function deploy(
  lane: Lane,
  version: string,
  files?: Readonly<Record<string, string>>,
): Promise<DeploymentJson> {
  return decided(lane, (await appears(lane, version, files)).id)
}

/** Pushes the version, and waits for its deployment. */
async function appears(lane: Lane, version: string, files?: Readonly<Record<string, string>>) {
  await push(lane, version, files ?? (await good()))
  return ofTag(lane, version)
}

/** Until git has it: a controller may die under a push. Nobody waits at the terminal for the deployment. */
async function push({ at, app, repository }: Lane, version: string, files: Readonly<Record<string, string>>) {
  await repository.version(version, files)
  const refs = ['main', `v${version}`] as const
  const pushing = until(`${version} of ${app} is pushed`, 150_000, async () => {
    const { exitCode, stderr } = await at.push(app, repository, ...refs)
    if (exitCode !== 0) throw new Error(stderr)
    return true
  })
  pushing.catch(() => {})
  await Promise.race([pushing, seen(at, app, version)])
}

async function seen(at: Lane['at'], app: string, version: string): Promise<void> {
  for (;;) {
    const { items } = await persist(() => at.client.listTags({ params: { app } }))
    if (items.some(({ name }) => name === `v${version}`)) return
    await sleep(250)
  }
}

function ofTag(lane: Lane, version: string): Promise<DeploymentJson> {
  return awaitDeployment(lane, lane.app, `v${version} has a deployment`, ({ tag }) => tag === `v${version}`)
}

/** Until nothing is under way: what serves, but has not proven itself yet, is taken back instead of replaced. */
async function settles({ at, app }: Lane): Promise<void> {
  await until(`nothing of ${app} is under way`, 120_000, async () => {
    const { items } = await persist(() =>
      at.client.listDeployments({ params: { app }, query: { limit: 20 } }),
    )
    return items.every(({ state }) => state === 'live' || isSettled(state))
  })
}

/** Until it serves, or never will. */
function decided(lane: Lane, id: string): Promise<DeploymentJson> {
  return reaches(lane, id, ({ state }) => isServing(state) || isSettled(state))
}

async function reaches(
  { at }: Lane,
  id: string,
  matches: (deployment: DeploymentJson) => boolean,
): Promise<DeploymentJson> {
  let deployment = await persist(() => at.client.getDeployment({ params: { id } }))
  await until(`deployment ${deployment.number} of ${deployment.app} is decided`, 180_000, async () => {
    deployment = await persist(() => at.client.getDeployment({ params: { id } }))
    return matches(deployment)
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${deployment.state}`)
  })
  return deployment
}

/** Rolls back, and lets the app go on by itself. @returns null where there is nothing to go back to */
async function goBack(lane: Lane): Promise<DeploymentJson | null> {
  const { at, app } = lane
  const params = { app }
  const idempotencyKey = randomUUID()
  try {
    const { deployment } = await persist(() => at.client.rollBack({ params, body: {}, idempotencyKey }))
    return deployment && (await reaches(lane, deployment.id, ended))
  } catch (error) {
    if (error instanceof ApiError && error.code === 'release.notFound') return null
    throw error
  } finally {
    await persist(() => at.client.resume({ params }))
  }
}

/** A revert passes states that serve on its way back: only what is settled, or live, tells. */
function ended({ state, trigger }: DeploymentJson): boolean {
  return isSettled(state) || (trigger === 'rollback' && isServing(state))
}

/** A wish that comes too late is refused, or was granted by the attempt whose answer was lost. */
async function unlessTooLate(wish: () => Promise<unknown>): Promise<void> {
  await persist(wish).catch((error) => {
    if (!(error instanceof ApiError && error.code === 'request.conflict')) throw error
  })
}

const example = new URL('../../../examples/node-web/', import.meta.url)

async function good(): Promise<Record<string, string>> {
  const names = ['server.js', 'health.js', 'Dockerfile'] as const
  const files = names.map(async (name) => [name, await readFile(new URL(name, example), 'utf8')] as const)
  return { ...Object.fromEntries(await Promise.all(files)), 'tagship.yaml': manifest }
}

async function filesWith(defect: Defect): Promise<Record<string, string>> {
  const files = await good()
  if (defect === 'crash') return { ...files, 'server.js': `throw new Error('broken on purpose')\n` }
  if (defect === 'build') return { ...files, Dockerfile: `${files.Dockerfile}RUN exit 3\n` }
  const impatient = manifest.replace('deadline: 60s', 'deadline: 3s')
  return { ...files, 'health.js': 'export const isHealthy = () => false\n', 'tagship.yaml': impatient }
}
