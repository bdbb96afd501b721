import { type ConfigKind, parseConfigName, parseTagName } from '@tagship/domain'
import type { AppRecord, ConfigOutcome } from '@tagship/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSecretKey, openStore, parseSecretKey } from '../src/index.ts'
import {
  change,
  claimNow,
  commitOf,
  deploymentsOf,
  deployTag,
  digest,
  driveTo,
  log,
  newApp,
  openTestStore,
  type TestStore,
} from './fixtures.ts'

let test: TestStore
beforeAll(async () => {
  test = await openTestStore()
})
afterAll(() => test[Symbol.asyncDispose]())

type Values = Readonly<Record<string, string | null>>

function set(
  app: AppRecord,
  values: Values,
  more: { kind?: ConfigKind; deploy?: boolean } = {},
): Promise<ConfigOutcome> {
  const parsed = new Map(Object.entries(values).map(([name, value]) => [parseConfigName(name), value]))
  const { kind = 'env', deploy = true } = more
  return test.store.changeConfig(app, { kind, values: parsed, deploy, actor: 'anna', reason: null })
}

async function liveApp(values: Values = {}): Promise<AppRecord> {
  const app = await newApp(test.store)
  if (Object.keys(values).length > 0) await set(app, values)
  const first = await deployTag(test.store, app, 'v1.0.0')
  await driveTo(test.store, first.id, 'live')
  return app
}

async function environmentOf(deploymentId: string) {
  const claim = await claimNow(test.store, deploymentId)
  const env = await test.store.environment(claim)
  await test.store.release(claim)
  return env
}

function idOf({ deployment }: ConfigOutcome): string {
  if (!deployment) throw new Error('no deployment brings it live')
  return deployment.id
}

async function deployCommit(app: AppRecord, letter: string, tag: string) {
  const deployment = await test.store.createDeployment({
    app,
    trigger: 'manual',
    actor: 'anna',
    reason: null,
    what: { kind: 'commit', commit: commitOf(letter), tag: parseTagName(tag) },
  })
  if (!deployment) throw new Error('nothing was deployed')
  return deployment
}

describe('a change of config', () => {
  it('is stored while nothing is live, and the first release takes it', async () => {
    const app = await newApp(test.store)
    const outcome = await set(app, { GREETING: 'hello', EMPTY: '' })
    expect(outcome).toEqual({ changed: ['GREETING', 'EMPTY'], effect: 'stored', deployment: null })
    const { id } = await deployTag(test.store, app)
    await driveTo(test.store, id, 'starting')
    expect(await environmentOf(id)).toEqual({ GREETING: 'hello', EMPTY: '' })
  })

  it('makes a new release of what serves: the same commit and image, another revision', async () => {
    const app = await liveApp({ GREETING: 'hello' })
    const outcome = await set(app, { GREETING: 'good evening', LOCALE: 'en' })
    expect(outcome).toMatchObject({ changed: ['GREETING', 'LOCALE'], effect: 'deploys' })
    expect(outcome.deployment).toMatchObject({ trigger: 'config', state: 'queued', revision: null })
    const building = await driveTo(test.store, idOf(outcome), 'building')
    expect(building).toMatchObject({
      commit: commitOf('a'),
      tag: 'v1.0.0',
      imageDigest: digest,
      revision: 2,
      releaseNumber: 2,
    })
    await driveTo(test.store, idOf(outcome), 'starting')
    expect(await environmentOf(idOf(outcome))).toEqual({ GREETING: 'good evening', LOCALE: 'en' })
    expect(await test.sql('SELECT 1 FROM builds WHERE release_id = $1', [building.releaseId])).toEqual([])
  })

  it('that changes nothing makes nothing', async () => {
    const app = await liveApp({ GREETING: 'hello' })
    expect(await set(app, { GREETING: 'hello', NEVER_SET: null })).toEqual({
      changed: [],
      effect: 'none',
      deployment: null,
    })
    expect(await deploymentsOf(test.store, app.id)).toHaveLength(1)
  })

  it('asked for again while it is under way is that deployment, and after a failure a new one', async () => {
    const app = await liveApp()
    const first = await set(app, { A: '1' })
    await driveTo(test.store, idOf(first), 'starting')
    expect(await set(app, { A: '1' })).toMatchObject({ effect: 'none', deployment: { id: idOf(first) } })

    const claim = await claimNow(test.store, idOf(first))
    const failure = { phase: 'starting', code: 'instance.exited', message: 'no' } as const
    await test.store.commit(claim, change('startFailed', 'failing', { failure }))
    await test.store.commit(await claimNow(test.store, idOf(first)), change('discarded', 'failed'))
    expect((await test.store.readConfig(app.id)).notLive).toEqual(['A'])
    expect(await set(app, { A: '1' })).toMatchObject({ changed: [], effect: 'deploys' })
  })

  it('joins what waits, whoever asked for that', async () => {
    const app = await liveApp()
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    const waiting = await deployCommit(app, 'c', 'v3.0.0')
    expect(await set(app, { A: '1' })).toMatchObject({ effect: 'joined', deployment: { id: waiting.id } })
    await driveTo(test.store, active.id, 'live')
    await driveTo(test.store, waiting.id, 'starting')
    expect(await environmentOf(waiting.id)).toEqual({ A: '1' })
  })

  it('joins a build whose revision is not made yet; then it is too late', async () => {
    const app = await liveApp()
    const { id } = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, id, 'building')
    expect(await set(app, { A: '1' })).toMatchObject({ effect: 'joined', deployment: { id } })
    await driveTo(test.store, id, 'releasing')
    expect(await set(app, { A: '2' })).toMatchObject({ effect: 'deploys' })
    await driveTo(test.store, id, 'starting')
    expect(await environmentOf(id)).toEqual({ A: '1' })
  })

  it('waits for what is under way, and is then a release of that', async () => {
    const app = await liveApp()
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    const outcome = await set(app, { A: '1' })
    await driveTo(test.store, active.id, 'live')
    expect(await driveTo(test.store, idOf(outcome), 'building')).toMatchObject({ tag: 'v2.0.0' })
  })

  it('is a release of what serves on, where the one before it fails', async () => {
    const app = await liveApp()
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    const outcome = await set(app, { A: '1' })
    expect(outcome.deployment).toMatchObject({ tag: 'v2.0.0' })
    const failure = { phase: 'starting', code: 'instance.exited', message: 'no' } as const
    const claim = await claimNow(test.store, active.id)
    await test.store.commit(claim, change('startFailed', 'failing', { failure }))
    await test.store.commit(await claimNow(test.store, active.id), change('discarded', 'failed'))
    const building = await driveTo(test.store, idOf(outcome), 'building')
    expect(building).toMatchObject({ tag: 'v1.0.0', commit: commitOf('a'), imageDigest: digest })
    expect((await test.store.attemptedTags(app.id)).get('v1.0.0')?.last).toBe('served')
  })

  it('is canceled, and kept for later, where nothing serves at its turn', async () => {
    const app = await newApp(test.store)
    const active = await deployCommit(app, 'b', 'v1.0.0')
    await driveTo(test.store, active.id, 'starting')
    const outcome = await set(app, { A: '1' })
    expect(await test.store.claimQueued(idOf(outcome))).toBe(false)
    expect(await test.store.deploymentById(idOf(outcome))).toMatchObject({ state: 'queued' })
    const failure = { phase: 'starting', code: 'instance.exited', message: 'no' } as const
    const claim = await claimNow(test.store, active.id)
    await test.store.commit(claim, change('startFailed', 'failing', { failure }))
    await test.store.commit(await claimNow(test.store, active.id), change('discarded', 'failed'))
    expect(await test.store.claimQueued(idOf(outcome))).toBe(false)
    expect(await test.store.deploymentById(idOf(outcome))).toMatchObject({
      state: 'canceled',
      failure: { code: 'deployment.canceled' },
    })
    const again = await deployTag(test.store, app)
    await driveTo(test.store, again.id, 'starting')
    expect(await environmentOf(again.id)).toEqual({ A: '1' })
  })

  it('superseded by a tag is carried by that', async () => {
    const app = await liveApp()
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    const outcome = await set(app, { A: '1' })
    const newer = await deployCommit(app, 'c', 'v3.0.0')
    expect(await test.store.deploymentById(idOf(outcome))).toMatchObject({ state: 'canceled' })
    await driveTo(test.store, active.id, 'live')
    await driveTo(test.store, newer.id, 'starting')
    expect(await environmentOf(newer.id)).toEqual({ A: '1' })
  })

  it('is refused while a rollback waits, and nothing of it is stored', async () => {
    const app = await liveApp()
    const release = await test.store.releaseByNumber(app.id, 1)
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    await test.store.createDeployment({
      app,
      trigger: 'rollback',
      actor: 'anna',
      reason: null,
      what: { kind: 'release', releaseId: release?.id ?? '' },
    })
    await expect(set(app, { A: '1' })).rejects.toMatchObject({ code: 'request.conflict' })
    expect((await test.store.readConfig(app.id)).entries).toEqual([])
  })

  it('can be stored only, for the next deployment', async () => {
    const app = await liveApp()
    expect(await set(app, { A: '1' }, { deploy: false })).toEqual({
      changed: ['A'],
      effect: 'stored',
      deployment: null,
    })
    expect(await test.store.readConfig(app.id)).toMatchObject({
      entries: [{ name: 'A', kind: 'env', value: '1', setBy: 'anna' }],
      live: { release: 1, revision: 1, env: {} },
      notLive: ['A'],
    })
  })

  it('of many at once is one deployment with all of them', async () => {
    const app = await liveApp()
    const names = Array.from({ length: 8 }, (_, index) => `NAME_${index}`)
    const outcomes = await Promise.all(names.map((name) => set(app, { [name]: name })))
    expect(new Set(outcomes.map(idOf)).size).toBe(1)
    await driveTo(test.store, idOf(outcomes[0] as ConfigOutcome), 'starting')
    expect(await environmentOf(idOf(outcomes[0] as ConfigOutcome))).toEqual(
      Object.fromEntries(names.map((name) => [name, name])),
    )
  })

  it('is an event of names, and the chain holds', async () => {
    const app = await liveApp({ OLD: 'old-value' })
    await set(app, { A: 'plain-value', OLD: null })
    await set(app, { TOKEN: 'sealed-value' }, { kind: 'secret' })
    const events = await test.store.listEvents({ appId: app.id, limit: 99 })
    const told = events.filter(({ type }) => type === 'configChanged').map(({ detail }) => detail)
    expect(told.slice(1)).toEqual([
      { kind: 'env', set: ['A'], unset: ['OLD'] },
      { kind: 'secret', set: ['TOKEN@1'], unset: [] },
    ])
    expect(JSON.stringify(events, (_key, value) => String(value))).not.toContain('-value')
    const { apps: verdicts } = await test.store.verifyHistory()
    expect(verdicts.find((verdict) => verdict.app === app.name)).toMatchObject({ broken: null })
  })

  it('refuses a name of the other kind, and more than an environment should hold', async () => {
    const app = await liveApp({ A: '1' })
    await expect(set(app, { A: 's' }, { kind: 'secret' })).rejects.toMatchObject({ code: 'config.nameTaken' })
    await expect(set(app, { A: null }, { kind: 'secret' })).rejects.toMatchObject({
      code: 'config.nameTaken',
    })
    const large = Object.fromEntries(['B', 'C', 'D', 'E'].map((name) => [name, 'x'.repeat(65_536)]))
    await expect(set(app, large)).rejects.toMatchObject({ code: 'config.tooLarge' })
    await set(app, { ...large, E: null }, { kind: 'secret' })
    await expect(set(app, { F: 'x'.repeat(65_536) })).rejects.toMatchObject({ code: 'config.tooLarge' })
    expect((await test.store.readConfig(app.id)).entries.map(({ name }) => name)).toEqual([
      'A',
      'B',
      'C',
      'D',
    ])
  })
})

describe('the commit of a release', () => {
  const other = `UPDATE releases SET commit = repeat('f', 40) WHERE id = $1`

  it('of a tag is fixed also while it waits, that of a change of config from its turn on', async () => {
    const app = await liveApp()
    const active = await deployCommit(app, 'b', 'v2.0.0')
    await driveTo(test.store, active.id, 'starting')
    const waiting = await deployCommit(app, 'c', 'v3.0.0')
    await expect(test.sql(other, [waiting.releaseId])).rejects.toMatchObject({ code: '23000' })
    await driveTo(test.store, active.id, 'live')
    await driveTo(test.store, waiting.id, 'live')
    const { deployment } = await set(app, { A: '1' })
    await driveTo(test.store, deployment?.id ?? '', 'building')
    await expect(test.sql(other, [deployment?.releaseId])).rejects.toMatchObject({ code: '23000' })
  })
})

describe('a rollback', () => {
  it('brings back the env and the versions of then; what is set stays, and shows as not live', async () => {
    const app = await liveApp({ A: 'old' })
    await set(app, { TOKEN: 'first' }, { kind: 'secret', deploy: false })
    const second = await set(app, { A: 'old', B: 'gone' })
    await driveTo(test.store, idOf(second), 'live')
    await set(app, { TOKEN: 'second' }, { kind: 'secret', deploy: false })
    const third = await set(app, { A: 'new', B: null, C: 'added' })
    await driveTo(test.store, idOf(third), 'live')
    expect((await test.store.readConfig(app.id)).notLive).toEqual([])

    const target = await test.store.previousServed(app.id)
    expect(target).toMatchObject({ number: 2, revision: 2 })
    const rollback = await test.store.createDeployment({
      app,
      trigger: 'rollback',
      actor: 'anna',
      reason: null,
      what: { kind: 'release', releaseId: target?.id ?? '' },
    })
    await driveTo(test.store, rollback?.id ?? '', 'starting')
    expect(await environmentOf(rollback?.id ?? '')).toEqual({ A: 'old', B: 'gone', TOKEN: 'first' })
    await driveTo(test.store, rollback?.id ?? '', 'live')
    expect((await test.store.readConfig(app.id)).notLive).toEqual(['A', 'B', 'C', 'TOKEN'])
  })
})

describe('secrets', () => {
  it('are numbered, sealed in the database, and opened for instances only', async () => {
    const app = await liveApp()
    expect(await set(app, { TOKEN: 'hunter2-öffnen' }, { kind: 'secret' })).toMatchObject({
      changed: ['TOKEN'],
    })
    expect(await set(app, { TOKEN: 'hunter2-öffnen' }, { kind: 'secret' })).toMatchObject({
      changed: [],
      effect: 'joined',
    })
    const outcome = await set(app, { TOKEN: 'hunter3' }, { kind: 'secret' })
    await driveTo(test.store, idOf(outcome), 'starting')
    expect(await environmentOf(idOf(outcome))).toEqual({ TOKEN: 'hunter3' })
    const config = await test.store.readConfig(app.id)
    expect(config.entries).toMatchObject([{ name: 'TOKEN', kind: 'secret', value: null, version: 2 }])

    const tables = await test.sql<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    )
    for (const { name } of tables) {
      const rows = await test.sql(`SELECT to_jsonb(t)::text AS row FROM "${name}" t`)
      const text = JSON.stringify(rows)
      for (const value of ['hunter', Buffer.from('hunter').toString('hex')]) {
        expect(text.includes(value), `${value} in ${name}`).toBe(false)
      }
    }
  })

  it('cannot be opened with another key, which is said; set again, they can', async () => {
    const app = await liveApp()
    const outcome = await set(app, { TOKEN: 'hunter2' }, { kind: 'secret' })
    await driveTo(test.store, idOf(outcome), 'starting')
    const secretKey = parseSecretKey(newSecretKey(), 'the test')
    const other = await openStore({ url: test.database.url, log, secretKey })
    try {
      const claim = await claimNow(test.store, idOf(outcome))
      await expect(other.environment(claim)).rejects.toMatchObject({ code: 'secret.wrongKey' })
      expect((await other.readConfig(app.id)).entries).toMatchObject([{ name: 'TOKEN', readable: false }])
      expect(await other.unreadableSecrets()).toContainEqual({ app: app.name, name: 'TOKEN' })
      expect(await test.store.unreadableSecrets()).toEqual([])
      await test.store.release(claim)
      const values = new Map([[parseConfigName('TOKEN'), 'hunter2']])
      const again = await other.changeConfig(app, {
        kind: 'secret',
        values,
        deploy: false,
        actor: 'anna',
        reason: null,
      })
      expect(again.changed).toEqual(['TOKEN'])
      expect((await other.readConfig(app.id)).entries).toMatchObject([{ version: 2, readable: true }])
    } finally {
      await other.close()
    }
  })

  it('do not open in another place', async () => {
    const app = await liveApp()
    const outcome = await set(app, { A: 'one', B: 'two' }, { kind: 'secret' })
    await driveTo(test.store, idOf(outcome), 'starting')
    await test.sql('BEGIN')
    await test.sql('SET LOCAL session_replication_role = replica')
    await test.sql(
      `UPDATE secret_versions s SET sealed = o.sealed FROM secret_versions o
       WHERE s.app_id = $1 AND o.app_id = $1 AND s.name = 'A' AND o.name = 'B'`,
      [app.id],
    )
    await test.sql('COMMIT')
    await expect(environmentOf(idOf(outcome))).rejects.toMatchObject({ code: 'secret.damaged' })
  })

  it('are kept as they are as long as their app', async () => {
    const app = await liveApp()
    const outcome = await set(app, { TOKEN: 'x' }, { kind: 'secret' })
    await driveTo(test.store, idOf(outcome), 'live')
    const own = `WHERE app_id = '${app.id}'`
    await expect(test.sql(`UPDATE secret_versions SET version = 9 ${own}`)).rejects.toMatchObject({
      code: '23000',
    })
    await set(app, { TOKEN: null }, { kind: 'secret', deploy: false })
    await expect(test.sql(`DELETE FROM secret_versions ${own}`)).rejects.toMatchObject({ code: '23000' })
    await test.store.removeApp(app.id)
    expect(await test.sql(`SELECT 1 FROM secret_versions ${own}`)).toEqual([])
  })
})
