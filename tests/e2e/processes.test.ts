import type { DeploymentJson } from '@tagship/api'
import { createDocker } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

const manifest = `processes:
  web: { port: 8080, health: { path: /healthz, interval: 100ms, deadline: 10s } }
  worker: { command: [node, worker.js], stop: 3s }
release: { command: [node, migrate.js], timeout: 20s }
rollout: { bake: 0s, keepWarm: 0s }
`
const files = {
  'worker.js': "console.log('works on', process.env.TAGSHIP_RELEASE); setInterval(() => {}, 1000)\n",
  'migrate.js': "console.log('migrates for', process.env.TAGSHIP_RELEASE)\n",
}

describe('an app of several processes with a release command', () => {
  let at: Installation
  let shop: SampleApp
  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp(manifest)
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('replaces them together, after the release command has run once', async () => {
    for (const [version, release] of [
      ['1.0.0', 'v1'],
      ['1.1.0', 'v2'],
    ] as const) {
      await shop.version(version, files)
      await at.push('shop', shop, 'main', `v${version}`)
      const live = await at.json<DeploymentJson>(['deploy', 'shop', `v${version}`, '--wait=live'])
      expect(live.state).toBe('live')
      expect((await at.fetch('shop.localhost')).version).toBe(version)
      const { items } = await at.client.listDeployments({ params: { app: 'shop' }, query: { limit: 2 } })
      const byTag = items.find(({ trigger }) => trigger === 'tag')
      const log = await at.client.readLogs({ params: { id: byTag?.id ?? '' }, query: { source: 'release' } })
      expect(log.items.map(({ text }) => text)).toEqual([`migrates for ${release === 'v1' ? 'v1' : 'v3'}`])
    }
  })

  it('leaves one web and one worker of the newest release, and nothing else', async () => {
    const filters = { label: [`dev.tagship=${at.id}`, 'dev.tagship.app=shop'] }
    const names = async () =>
      (await docker.listContainers({ all: true, filters })).map(({ Labels }) => [
        Labels['dev.tagship.process'],
        Labels['dev.tagship.release'],
      ])
    await expect.poll(names, { timeout: 40_000 }).toHaveLength(2)
    expect((await names()).sort()).toEqual([
      ['web', '4'],
      ['worker', '4'],
    ])
    expect((await at.tagship('logs', 'shop', '--process', 'worker')).stdout).toContain('works on v4')
  })

  const docker = createDocker()
})
