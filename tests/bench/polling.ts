/** What it costs to look at the tags of many apps. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Installation } from '@tagship/tests/installation'
import { createSeries, type Series } from './section.ts'

const windows = 10
export const windowMs = 3_000
export const measuredMs = windows * windowMs

/** CPU and memory over some seconds, and how many apps were looked at meanwhile. */
export async function measurePolling(installation: Installation, label: string): Promise<Series[]> {
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
  const polled = await countPolled(installation, Date.now() - measuredMs)
  if (polled === 0) throw new Error(`${label}: nothing was polled, so the figures say nothing`)
  return [
    ...share.all(),
    ...memory.all(),
    { name: `${label}: polled meanwhile`, unit: 'apps', values: [polled] },
  ]
}

/** Of how many apps the last look is not older. */
export async function countPolled({ client }: Installation, since: number): Promise<number> {
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
