/** A store on a database of its own, and short ways to the states that the tests are about. */
import {
  type CommitSha,
  type Deployment,
  type DeploymentEvent,
  type DeploymentState,
  defaultTagPolicy,
  machine,
  parseAppName,
  parseCommitSha,
  parseImageDigest,
  parseManifest,
  parseTagName,
  type StepName,
} from '@tagship/domain'
import type { AppRecord, Claim, StateChange } from '@tagship/engine'
import { createLogger } from '@tagship/kit'
import { type TestDatabase, testDatabase } from '@tagship/tests/postgres'
import pg from 'pg'
import { expect } from 'vitest'
import { newSecretKey, openStore, parseSecretKey, type Store, type StoreOptions } from '../src/index.ts'

export const log = createLogger('test', 'silent')
export const secretKey = parseSecretKey(newSecretKey(), 'the test')
export const leaseMs = 10_000

export interface TestStore extends AsyncDisposable {
  readonly store: Store
  readonly database: TestDatabase
  /** Another store on the same database, as another controller has it. */
  another(): Promise<Store>
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const database = await testDatabase()
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => {}) // some tests end every connection
  await client.connect()
  const open = () => openStore({ url: database.url, log, secretKey, ...options })
  const stores = [await open()]
  const [store] = stores
  if (!store) throw new Error('no store')
  return {
    store,
    database,
    async another() {
      const other = await open()
      stores.push(other)
      return other
    },
    async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      return (await client.query<Row>(text, values)).rows
    },
    async [Symbol.asyncDispose]() {
      await client.end()
      await Promise.all(stores.map((one) => one.close()))
      await database.drop()
    },
  }
}

let names = 0

export function newApp(store: Store, name = `app-${++names}`): Promise<AppRecord> {
  return store.createApp({
    name: parseAppName(name),
    repoUrl: null,
    hosts: [],
    policy: defaultTagPolicy,
    fromNext: false,
    root: '',
    buildArgs: {},
    runtime: 'docker',
    cluster: null,
    namespace: null,
  })
}

/** The same letter gives the same commit. */
export function commitOf(letter: string): CommitSha {
  return parseCommitSha(letter.repeat(40))
}

export const digest = parseImageDigest(`sha256:${'d'.repeat(64)}`)
export const manifest = parseManifest('rollout: { keepWarm: 5m }')

export async function deployTag(store: Store, app: AppRecord, tag = 'v1.0.0'): Promise<Deployment> {
  const deployment = await store.createDeployment({
    app,
    trigger: 'manual',
    actor: 'anna',
    reason: null,
    what: { kind: 'commit', commit: commitOf('a'), tag: parseTagName(tag) },
  })
  if (!deployment) throw new Error('nothing was deployed')
  return deployment
}

/** Of the app, newest first. */
export async function deploymentsOf(store: Store, appId: string): Promise<Deployment[]> {
  return (await store.findDeployments({ apps: [appId] }, { limit: 100 })).deployments
}

export async function claimNow(store: Store, id: string, worker = 'w1'): Promise<Claim> {
  const claim = await store.claim(id, worker, leaseMs)
  if (!claim) throw new Error(`the deployment ${id} cannot be claimed`)
  return claim
}

export function change(
  event: DeploymentEvent,
  to: DeploymentState,
  more: Partial<StateChange> = {},
): StateChange {
  return { event, to, actor: 'tagship', reason: null, jobs: [], ...more }
}

/** The way of a deployment that goes well. */
const goodWay: Partial<Record<DeploymentState, DeploymentEvent>> = {
  building: 'built',
  releasing: 'released',
  starting: 'started',
  verifying: 'healthy',
  switching: 'switched',
  draining: 'drained',
  baking: 'baked',
}

/** Takes the deployment one step on its good way. */
export async function advance(store: Store, id: string): Promise<void> {
  const deployment = await store.deploymentById(id)
  if (deployment?.state === 'queued') {
    expect(await store.claimQueued(id)).toBe(true)
    return
  }
  const claim = await claimNow(store, id)
  if (claim.deployment.state === 'building' && !claim.manifest) {
    await store.ensureBuild(claim)
    await store.release(claim)
    await finishBuild(store, claim.deployment.releaseId)
    return
  }
  expect(await store.commit(claim, goodStep(claim))).toBe(true)
}

export async function finishBuild(store: Store, releaseId: string): Promise<void> {
  const build = await store.claimBuild(releaseId, 'builder', leaseMs)
  if (!build) throw new Error(`the build of ${releaseId} cannot be claimed`)
  await store.saveRevision(build, manifest, 'e'.repeat(64))
  await store.finishBuild(build, { image: { digest, bytes: 1_000 }, reused: false })
}

function goodStep({ deployment, app, previous }: Claim): StateChange {
  const event = goodWay[deployment.state]
  if (!event) throw new Error(`there is no good way on from ${deployment.state}`)
  const transitions: { readonly [E in DeploymentEvent]?: DeploymentState } = machine[deployment.state].on
  const to = transitions[event]
  if (!to) throw new Error(`${event} leads nowhere`)
  const slot = deployment.slot ?? (app.liveSlot === 'blue' ? 'green' : 'blue')
  return change(event, to, {
    slot,
    ...(event === 'switched' ? { serves: { slot, deploymentId: deployment.id } } : {}),
    ...(event === 'baked' && previous ? { retires: previous.id } : {}),
    jobs: (machine[to].step satisfies StepName | null) ? [{ queue: 'deployments', id: deployment.id }] : [],
  })
}

export async function driveTo(store: Store, id: string, state: DeploymentState): Promise<Deployment> {
  for (let steps = 0; steps < 20; steps += 1) {
    const deployment = await store.deploymentById(id)
    if (deployment?.state === state) return deployment
    await advance(store, id)
  }
  throw new Error(`the deployment ${id} never came to ${state}`)
}

/** Empties the outbox. @returns the keys that were in it, by queue */
export async function takeKeys(store: Store): Promise<string[]> {
  const keys: string[] = []
  await store.takeOutbox(1_000, async (jobs) => {
    keys.push(...jobs.map(({ queue, key }) => `${queue} ${key}`))
  })
  return keys
}
