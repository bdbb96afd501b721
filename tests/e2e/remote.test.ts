import type { AppJson, DeploymentJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

describe('an app whose repository is elsewhere', () => {
  let at: Installation
  let shop: SampleApp
  const host = 'remote.localhost'

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('is deployed at its newest fitting tag when it is added', async () => {
    await shop.version('1.0.0')
    await shop.version('1.1.0')
    await shop.version('2.0.0')
    await at.json([
      'app',
      'add',
      'remote',
      '--repo',
      shop.url,
      '--tags',
      '^1',
      '--host',
      host,
      '--build-arg',
      await localBase(),
    ])
    await expect.poll(async () => (await at.fetch(host)).version, { timeout: 30_000 }).toBe('1.1.0')
    const items = await at.json<{ name: string; verdict: string }[]>(['tags', 'remote'])
    expect(Object.fromEntries(items.map(({ name, verdict }) => [name, verdict]))).toEqual({
      'v2.0.0': 'not in range',
      'v1.1.0': 'live',
      'v1.0.0': 'older than live',
    })
  })

  it('follows a new tag by itself at the next poll', { timeout: 60_000 }, async () => {
    await shop.version('1.2.0')
    await expect
      .poll(async () => (await at.fetch(host)).version, { timeout: 45_000, interval: 500 })
      .toBe('1.2.0')
  })

  it('is deployed by hand at once, at a tag that the policy would not choose or at a commit', async () => {
    const byTag = await at.json<DeploymentJson>(['deploy', 'remote', 'v2.0.0'])
    expect(byTag).toMatchObject({ trigger: 'manual', tag: 'v2.0.0' })
    expect((await at.fetch(host)).version).toBe('2.0.0')
  })

  it('serves on when the repository vanishes, and says that it has', async () => {
    await at.json(['app', 'set', 'remote', '--repo', 'file:///gone/away'])
    await expect
      .poll(async () => (await at.json<AppJson>(['app', 'show', 'remote'])).poll?.error, { timeout: 20_000 })
      .toContain('gone/away')
    expect((await at.fetch(host)).version).toBe('2.0.0')
  })

  it('promotes by hand, cancels, and lets a newer tag take the place of one that waits', async () => {
    await at.json(['app', 'set', 'remote', '--repo', shop.url, '--tags', '<1'])
    const manual = (await shop.git('show', 'HEAD:tagship.yaml')).replace(
      'bake: 1s',
      'promotion: manual, bake: 1s',
    )
    await shop.version('3.0.0', { 'tagship.yaml': manual })
    await at.tagship('deploy', 'remote', 'v3.0.0', '--detach')
    await expect.poll(stateOfNewest, { timeout: 20_000 }).toBe('awaitingPromotion')
    expect((await at.fetch(host)).version).toBe('2.0.0')
    expect((await at.fetch(`next.${host}`)).version).toBe('3.0.0')

    await shop.version('3.0.1')
    await shop.version('3.0.2')
    await at.tagship('deploy', 'remote', 'v3.0.1', '--detach')
    await at.tagship('deploy', 'remote', 'v3.0.2', '--detach')
    expect((await at.tagship('promote', 'remote')).exitCode).toBe(0)
    await expect.poll(stateOfNewest, { timeout: 30_000 }).toBe('awaitingPromotion')
    const items = await at.json<DeploymentJson[]>(['deployments', 'remote'])
    expect(items[1]).toMatchObject({
      tag: 'v3.0.1',
      state: 'canceled',
      failure: { code: 'deployment.superseded' },
    })

    expect((await at.tagship('cancel', 'remote')).exitCode).toBe(0)
    await expect.poll(stateOfNewest, { timeout: 20_000 }).toBe('canceled')
    expect((await at.fetch(host)).version).toBe('3.0.0')
  })

  it('asks nobody a second time before it brings back what was promoted once', async () => {
    await at.json(['rollback', 'remote', 'v2.0.0', '--wait=serving'])
    await at.json(['rollback', 'remote', 'v3.0.0', '--wait=serving'])
    expect((await at.fetch(host)).version).toBe('3.0.0')
  })

  async function stateOfNewest(): Promise<string | undefined> {
    const { items } = await at.client.listDeployments({ params: { app: 'remote' }, query: { limit: 1 } })
    return items[0]?.state
  }
})
