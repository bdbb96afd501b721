import type { DeploymentJson } from '@tagship/api'
import { startProber } from '@tagship/prober'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'
import { type Switch, servingAt, undoneAt } from '../support/switches.ts'

const swaps = 20
const rollbacks = 5

describe('many swaps under traffic of every kind', () => {
  let at: Installation
  let shop: SampleApp

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    await shop.version('0.0.0')
    expect((await at.push('shop', shop, 'main', 'v0.0.0')).exitCode).toBe(0)
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it(`loses no request in ${swaps} swaps and ${rollbacks} rollbacks`, { timeout: 600_000 }, async () => {
    const prober = startProber({ url: `http://127.0.0.1:${at.httpPort}`, host: 'shop.localhost' })
    const switches: Switch[] = []
    let serving = '0.0.0'
    let previous = serving
    for (let number = 1; number <= swaps; number += 1) {
      const version = `0.0.${number}`
      await shop.version(version)
      const pushed = await at.push('shop', shop, 'main', `v${version}`)
      expect(pushed.stderr, version).toContain('serves at')
      const { items } = await at.client.listDeployments({ params: { app: 'shop' }, query: { limit: 1 } })
      switches.push({ from: serving, to: version, servingAt: servingAt(items[0]) })
      previous = serving
      serving = version

      // Every fourth is undone: in the bake where it is quick enough, later where it is not.
      if (number % (swaps / rollbacks) !== 0) continue
      const undone = await at.json<DeploymentJson>(['rollback', 'shop', '--reason', 'test'])
      switches.push({ from: serving, to: previous, servingAt: undoneAt(undone) })
      serving = previous
      await at.tagship('resume', 'shop')
    }
    const traffic = await prober.stop()

    expect(traffic.total.failures).toEqual([])
    expect(traffic.total.failed).toBe(0)
    expect(traffic.total.requests).toBeGreaterThan(2_000)
    for (const kind of [
      'keepAliveGet',
      'freshGet',
      'smallPost',
      'largePost',
      'slow',
      'stream',
      'webSocket',
    ] as const) {
      expect(traffic.kinds[kind]?.requests, kind).toBeGreaterThan(0)
    }
    switches.forEach(({ from, servingAt: since }, index) => {
      // Until the version comes back by a rollback, if it ever does.
      const until = switches.slice(index + 1).find(({ to }) => to === from)?.servingAt
      const answers = traffic.answersBy(from, {
        startedAfter: since,
        ...(until ? { startedBefore: new Date(until.getTime() - 2_000) } : {}),
      })
      expect(answers, `answers by ${from} after the switch away from it`).toBe(0)
    })
  })
})
