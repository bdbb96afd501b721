/** Requests per second and p99: straight to the app, through our router, through nginx as reverse proxy. */
import { randomBytes } from 'node:crypto'
import { startByHand } from '@tagship/tests/by-hand'
import { exampleRepository } from './example.ts'
import { startNginx } from './nginx.ts'
import { startOwnRouter } from './own-router.ts'
import { createSeries, type Section } from './section.ts'
import { type Load, measureLoad } from './wrk.ts'

const host = 'bench.localhost'
const load = { connections: 32, seconds: 2, host }

export const throughput: Section = {
  title: `Throughput of a page of 1 kB, ${load.connections} connections, everything on this machine`,
  async run({ repetitions, buildArgs, progress }) {
    await using repository = await exampleRepository('node-web')
    await using app = await startByHand(repository, buildArgs)
    await app.deploy()
    const upstream = new URL(app.url)
    const installation = `t${randomBytes(5).toString('hex')}`
    await using ownRouter = await startOwnRouter(installation, host, upstream)
    await using ownNginx = await startNginx(installation, host, upstream.host)
    const ways = Object.entries({ direct: app.url, router: ownRouter.url, nginx: ownNginx.url })
    for (const [, url] of ways) await measureLoad(url, { ...load, seconds: 1 })

    const rates = createSeries('requests/s')
    const tails = createSeries('ms')
    const shares = createSeries('×')
    for (let round = 0; round < repetitions; round += 1) {
      progress(`round ${round + 1} of ${repetitions}`)
      const measured: Record<string, Load> = {}
      // Each goes first as often as the others.
      for (const [way, url] of rotate(ways, round)) {
        const one = await measureLoad(url, load)
        measured[way] = one
        rates.add(way, one.requestsPerSecond)
        tails.add(`${way} p99`, one.p99)
      }
      const { direct, router, nginx } = measured
      if (!direct || !router || !nginx) throw new Error('a round measures all three')
      shares.add('router / direct', router.requestsPerSecond / direct.requestsPerSecond)
      shares.add('router / nginx', router.requestsPerSecond / nginx.requestsPerSecond)
      shares.add('p99, router / nginx', router.p99 / nginx.p99)
    }
    return {
      series: [rates, tails, shares].flatMap((one) => one.all()),
      targets: [
        {
          claim: 'requests/s, router / nginx',
          unit: '×',
          measured: shares.median('router / nginx'),
          limit: { atLeast: 1 },
        },
        {
          claim: 'p99, router / nginx',
          unit: '×',
          measured: shares.median('p99, router / nginx'),
          limit: { atMost: 1 },
        },
      ],
    }
  },
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
