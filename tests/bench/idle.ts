/** What the controller costs when nothing happens, with one app and with many, all of them polled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleRepository } from '@tagship/tests/git'
import { startInstallation } from '@tagship/tests/installation'
import { measuredMs, measurePolling, windowMs } from './polling.ts'
import type { Section } from './section.ts'

const manyApps = 500
const settleMs = 20_000

export const idle: Section = {
  title: `The controller idle, ${measuredMs / 1_000} s in windows of ${windowMs / 1_000} s; tags polled as often as they ever are`,
  async run({ progress }) {
    await using repository = await sampleRepository()
    // A tag seen just now is what makes polls come as often as they ever do; the range keeps it from being deployed.
    await repository.tag('v1.0.0')
    await using installation = await startInstallation()
    const add = (number: number) =>
      installation.client.addApp({ body: { name: `idle-${number}`, repo: repository.url, tags: '>=2' } })

    await add(1)
    progress('1 app')
    await sleep(settleMs)
    const one = await measurePolling(installation, '1 app')

    progress(`adding apps up to ${manyApps}`)
    for (let number = 2; number <= manyApps; number += 1) await add(number)
    progress(`${manyApps} apps`)
    await sleep(settleMs)
    return { series: [...one, ...(await measurePolling(installation, `${manyApps} apps`))], targets: [] }
  },
}
