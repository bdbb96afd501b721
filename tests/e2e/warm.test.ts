import { startProber } from '@tagship/prober'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { query } from '../chaos/query.ts'
import { until } from '../chaos/until.ts'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

describe('a warm slot that is discarded late', () => {
  let at: Installation
  let shop: SampleApp
  const release = async (version: string) => {
    await shop.version(version)
    expect((await at.push('shop', shop, `v${version}`)).stderr).toContain('serves at')
    await until(`${version} is live`, 30_000, async () => (await stateOfNewest()) === 'live')
  }
  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await release(version)
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('keeps no other one waiting, and leaves who has taken its slot alone', async () => {
    const prober = startProber({
      url: `http://127.0.0.1:${at.httpPort}`,
      host: 'shop.localhost',
      slowMs: 500,
      streamMs: 1_000,
      webSocketMs: 1_000,
    })
    onTestFinished(async () => {
      await prober.stop()
    })
    // As after a time in which nobody could discard it: 1.2.0 serves from the slot of 1.0.0.
    await query(at, 'UPDATE deployments SET warm_until = now() WHERE number = 1')
    await release('1.3.0')
    await release('1.4.0')
    const warm = () => query(at, 'SELECT number FROM deployments WHERE warm_until IS NOT NULL')
    await expect.poll(warm, { timeout: 30_000, interval: 200 }).toEqual([])
    expect((await prober.stop()).total).toMatchObject({ failed: 0, failures: [] })
  })

  async function stateOfNewest(): Promise<string | undefined> {
    const { items } = await at.client.listDeployments({ params: { app: 'shop' }, query: { limit: 1 } })
    return items[0]?.state
  }
})
