import { parseHostName, parseRepoUrl, parseTagPolicy } from '@tagship/domain'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployTag, driveTo, newApp, openTestStore, type TestStore } from './fixtures.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore({ maxSeats: 3 })
})
afterEach(() => test[Symbol.asyncDispose]())

const hosts = (...names: string[]) => names.map(parseHostName)

describe('createApp', () => {
  it('gives the lowest free seat and a host of its own', async () => {
    const { store } = test
    const app = await newApp(store, 'shop')
    expect(app).toMatchObject({
      seat: 1,
      hosts: ['shop.localhost'],
      liveSlot: null,
      hold: null,
      repoUrl: null,
    })
    expect(await store.appByName('shop')).toEqual(app)
    const second = await newApp(store, 'blog')
    await newApp(store, 'wiki')
    await expect(newApp(store, 'full')).rejects.toMatchObject({ code: 'app.seatsTaken' })
    await store.removeApp(second.id)
    await store.appIsGone(second.id)
    expect((await newApp(store, 'blog')).seat).toBe(2)
  })

  it('gives each of those that come at once a seat of its own', async () => {
    const other = await test.another()
    const apps = await Promise.all([
      newApp(test.store, 'one'),
      newApp(other, 'two'),
      newApp(test.store, 'three'),
    ])
    expect(apps.map(({ seat }) => seat).sort()).toEqual([1, 2, 3])
  })

  it('refuses a name that is taken, and leaves nothing of it', async () => {
    await newApp(test.store, 'shop')
    await expect(newApp(test.store, 'shop')).rejects.toMatchObject({
      code: 'app.exists',
      message: expect.stringContaining('shop'),
    })
    expect(await test.store.allApps()).toHaveLength(1)
  })

  it('refuses a host that is taken, and names who has it', async () => {
    const shop = await newApp(test.store, 'shop')
    const blog = await newApp(test.store, 'blog')
    const taking = test.store.updateApp(blog.id, { hosts: hosts('blog.localhost', 'shop.localhost') })
    await expect(taking).rejects.toMatchObject({
      code: 'host.taken',
      message: 'shop.localhost belongs to the app shop',
    })
    expect((await test.store.appById(blog.id))?.hosts).toEqual(['blog.localhost'])
    expect((await test.store.appById(shop.id))?.hosts).toEqual(['shop.localhost'])
  })
})

describe('updateApp', () => {
  it('changes what is given and leaves the rest; hosts keep their order', async () => {
    const app = await newApp(test.store, 'shop')
    const given = hosts('z.example.com', 'a.example.com')
    await test.store.updateApp(app.id, { hosts: given, buildArgs: { BASE: 'x:1' } })
    await test.store.updateApp(app.id, { repoUrl: parseRepoUrl('https://example.com/x.git') })
    expect(await test.store.updateApp(app.id, { policy: parseTagPolicy({ range: '^1' }) })).toMatchObject({
      hosts: given,
      policy: { range: '^1', ordering: 'semver' },
      buildArgs: { BASE: 'x:1' },
      repoUrl: 'https://example.com/x.git',
    })
    expect(await test.store.updateApp(app.id, { repoUrl: null })).toMatchObject({
      repoUrl: null,
      policy: { range: '^1' },
    })
  })
})

describe('removeApp', () => {
  it('frees its hosts at once, name and seat when it is gone; the history stays', async () => {
    const { store } = test
    const app = await newApp(store, 'shop')
    const { id } = await deployTag(store, app)
    await driveTo(store, id, 'live')
    await store.removeApp(app.id)
    expect(await store.appByName('shop')).toBeNull()
    expect(await store.appById(app.id)).toBeNull()
    expect(await store.routes('docker')).toEqual([])
    expect(await store.deploymentsWithInstances()).toEqual(new Set())
    expect(await store.deploymentById(id)).toMatchObject({ app: 'shop', state: 'retired' })
    expect(await store.removedApps()).toMatchObject([{ id: app.id, seat: app.seat }])
    await expect(newApp(store, 'shop')).rejects.toMatchObject({
      code: 'app.exists',
      message: expect.stringContaining('still being removed'),
    })
    await store.appIsGone(app.id)
    expect(await store.removedApps()).toEqual([])
    const again = await newApp(store, 'shop')
    expect(again).toMatchObject({ seat: app.seat, hosts: app.hosts })
    expect((await store.listEvents({ appId: app.id, limit: 50 })).at(-1)).toMatchObject({
      type: 'appRemoved',
    })
    await expect(store.removeApp(app.id)).rejects.toMatchObject({ code: 'app.notFound' })
    const proven = await store.verifyHistory()
    expect(proven.apps.map(({ broken }) => broken)).toEqual([null, null])
  })

  it.each(['queued', 'building', 'baking'] as const)('refuses while a deployment is %s', async (state) => {
    const app = await newApp(test.store, 'shop')
    await driveTo(test.store, (await deployTag(test.store, app)).id, state)
    await expect(test.store.removeApp(app.id)).rejects.toMatchObject({
      code: 'app.busy',
      message: expect.stringContaining(state),
    })
  })
})

describe('lists, holds and polls', () => {
  it('pages by name', async () => {
    for (const name of ['wiki', 'blog', 'shop']) await newApp(test.store, name)
    const first = await test.store.listApps({ limit: 2 })
    expect(first.map(({ name }) => name)).toEqual(['blog', 'shop'])
    expect((await test.store.listApps({ after: 'shop', limit: 2 })).map(({ name }) => name)).toEqual(['wiki'])
    expect(await test.store.allApps()).toHaveLength(3)
  })

  it('sets and lifts the hold', async () => {
    const app = await newApp(test.store)
    await test.store.setHold(app.id, { by: 'anna', reason: null })
    expect((await test.store.appById(app.id))?.hold).toMatchObject({ by: 'anna', reason: null })
    await test.store.setHold(app.id, null)
    expect((await test.store.appById(app.id))?.hold).toBeNull()
  })

  it('gives a poll that is due to one caller', async () => {
    const app = await newApp(test.store)
    const other = await test.another()
    const taken = await Promise.all([test.store.takeDuePolls(10), other.takeDuePolls(10)])
    expect(taken.flat()).toEqual([app.id])
    await test.store.recordPoll(app.id, { nextMs: 60_000, error: 'gone' })
    await test.store.recordPoll(app.id, { nextMs: 0, error: 'gone' })
    expect(await test.store.pollState()).toMatchObject([{ appId: app.id, failures: 2, error: 'gone' }])
    expect(await test.store.takeDuePolls(10)).toEqual([app.id])
    await test.store.recordPoll(app.id, { nextMs: 60_000, error: null })
    expect(await test.store.pollState()).toMatchObject([{ failures: 0, error: null }])
    expect(await test.store.takeDuePolls(10)).toEqual([])
  })
})
