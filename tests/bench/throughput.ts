/** Requests per second and p99: straight to the app, through our router, through nginx as reverse proxy. */
import { randomBytes } from 'node:crypto'
import { startByHand } from '@tagship/tests/by-hand'
import { exampleRepository } from './example.ts'
import { startNginx } from './nginx.ts'
import { startOwnRouter } from './own-router.ts'
import { createSeries, type Section } from './section.ts'
import { measureLoad } from './wrk.ts'

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
    await using router = await startOwnRouter(installation, host, upstream)
    await using nginx = await startNginx(installation, host, upstream.host)
    const ways = Object.entries({ direct: app.url, router: router.url, nginx: nginx.url })
    for (const [, url] of ways) await measureLoad(url, { ...load, seconds: 1 })

    const rates = createSeries('requests/s')
    const tails = createSeries('ms')
    const shares = createSeries('×')
    for (let round = 0; round < repetitions; round += 1) {
      progress(`round ${round + 1} of ${repetitions}`)
      const measured: Record<string, number> = {}
      // Each goes first as often as the others.
      for (const [way, url] of rotate(ways, round)) {
        const { requestsPerSecond, p99 } = await measureLoad(url, load)
        measured[way] = requestsPerSecond
        rates.add(way, requestsPerSecond)
        tails.add(`${way} p99`, p99)
      }
      shares.add('router / direct', (measured.router ?? 0) / (measured.direct ?? 0))
      shares.add('router / nginx', (measured.router ?? 0) / (measured.nginx ?? 0))
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
          measured: tails.median('router p99') / tails.median('nginx p99'),
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
