import { existsSync } from 'node:fs'
import { createDocker } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

/** Where the controller kills itself while it clears what is left of the app. */
const points = ['removing.claimed', 'removing.routeGone', 'removing.instancesGone']

describe('kill -9 of the controller while an app is removed', () => {
  let at: Installation
  let shop: SampleApp

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
    await shop.version('1.0.0')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it.each(points)('at %s leaves nothing of it to a new app of that name', async (point) => {
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    await at.push('shop', shop, 'main', 'v1.0.0')
    await at.json(['deploy', 'shop', 'v1.0.0', '--wait=live'])

    await at.tagship('down', '--data', at.data)
    expect((await at.up({ TAGSHIP_FAULT: point })).exitCode).toBe(0)
    const pid = await at.pid()
    await at.tagship('app', 'remove', 'shop', '--yes')
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)
    expect((await at.up()).exitCode).toBe(0)

    const addAgain = async () => (await at.tagship('app', 'add', 'shop')).exitCode
    await expect.poll(addAgain, { timeout: 30_000 }).toBe(0)
    expect(await at.json(['tags', 'shop'])).toEqual([])
    expect((await at.fetch('shop.localhost')).status).toBe(503)
    const own = { label: ['dev.tagship.app=shop', `dev.tagship=${at.id}`] }
    expect(await createDocker().listContainers({ all: true, filters: own })).toEqual([])
    expect((await at.tagship('app', 'remove', 'shop', '--yes')).exitCode).toBe(0)
  })
})
