/** What the controller costs when nothing happens, with one app and with many, all of them polled. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleRepository } from '@tagship/tests/git'
import { type Installation, startInstallation } from '@tagship/tests/installation'
import { createSeries, type Section, type Series } from './section.ts'

const manyApps = 500
const windows = 10
const windowMs = 3_000
const settleMs = 20_000

export const idle: Section = {
  title: `The controller idle, ${(windows * windowMs) / 1_000} s in windows of ${windowMs / 1_000} s; tags polled as often as they ever are`,
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
    const one = await measure(installation, '1 app')

    progress(`adding apps up to ${manyApps}`)
    for (let number = 2; number <= manyApps; number += 1) await add(number)
    progress(`${manyApps} apps`)
    await sleep(settleMs)
    return { series: [...one, ...(await measure(installation, `${manyApps} apps`))], targets: [] }
  },
}

async function measure(installation: Installation, label: string): Promise<Series[]> {
  const pid = await installation.pid()
  const share = createSeries('%')
  const memory = createSeries('MB')
  let before = await readUsage(pid)
  for (let window = 0; window < windows; window += 1) {
    await sleep(windowMs)
    const now = await readUsage(pid)
    const percent = (ms: number) => (ms / (now.at - before.at)) * 100
    share.add(`${label}: CPU of the controller`, percent(now.ownMs - before.ownMs))
    share.add(`${label}: CPU of the gits it starts`, percent(now.childrenMs - before.childrenMs))
    memory.add(`${label}: memory of the controller`, now.residentMb)
    before = now
  }
  const polled = await countPolled(installation, Date.now() - windows * windowMs)
  if (polled === 0) throw new Error(`${label}: nothing was polled, so the figures say nothing`)
  return [
    ...share.all(),
    ...memory.all(),
    { name: `${label}: polled meanwhile`, unit: 'apps', values: [polled] },
  ]
}

async function countPolled({ client }: Installation, since: number): Promise<number> {
  let polled = 0
  let cursor: string | null = null
  do {
    const query = { limit: 200, ...(cursor === null ? {} : { cursor }) }
    const page: Awaited<ReturnType<typeof client.listApps>> = await client.listApps({ query })
    polled += page.items.filter(({ poll }) => poll?.lastAt && Date.parse(poll.lastAt) >= since).length
    cursor = page.next
  } while (cursor !== null)
  return polled
}

interface Usage {
  readonly at: number
  readonly ownMs: number
  /** Of the children that have ended. */
  readonly childrenMs: number
  readonly residentMb: number
}

/** From /proc (proc(5)): times in ticks of 10 ms, memory in pages of 4 kB. */
async function readUsage(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name of the program, which may contain anything: state is the third field of all.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const field = (number: number) => fields[number - 3] ?? Number.NaN
  return {
    at: performance.now(),
    ownMs: (field(14) + field(15)) * 10,
    childrenMs: (field(16) + field(17)) * 10,
    residentMb: (field(24) * 4_096) / 1e6,
  }
}
