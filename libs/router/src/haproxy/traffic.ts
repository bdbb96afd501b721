/** What the router has counted, from its own statistics. */
import { TagshipError } from '@tagship/domain'
import type { SlotRef, SlotTraffic } from '@tagship/engine'
import { z } from 'zod'
import { backendName } from './config.ts'
import type { Sockets } from './folder.ts'
import { oldWorkers } from './master.ts'
import { askSocket } from './socket.ts'
import { readTable } from './table.ts'

const count = z.coerce.number().int().nonnegative()
/** https://docs.haproxy.org/3.0/management.html#9.1 */
const backendRow = z.object({ req_tot: count, hrsp_5xx: count, scur: count, act: count })

/** Counts since the worker started; what is under way includes what the workers before a reload still finish. */
export async function readTraffic(sockets: Sockets, ref: SlotRef): Promise<SlotTraffic> {
  const row = await readBackend(sockets.cli, ref)
  const before = await Promise.all(
    (await oldWorkers(sockets.master)).map((pid) =>
      readBackend(sockets.master, ref, `@!${pid} `).catch(() => null),
    ),
  )
  const left = before.reduce((sum, old) => sum + (old?.scur ?? 0), 0)
  return { requests: row.req_tot, serverErrors: row.hrsp_5xx, inFlight: row.scur + left }
}

/** How many targets of the slot can be reached, as far as the router knows. */
export async function countUsable(sockets: Sockets, ref: SlotRef): Promise<number> {
  return (await readBackend(sockets.cli, ref)).act
}

async function readBackend(socketPath: string, ref: SlotRef, prefix = '') {
  const answer = await askSocket(socketPath, `${prefix}show stat ${backendName(ref.seat, ref.slot)} 2 -1`)
  const row = backendRow.safeParse(readTable(answer, ',')[0])
  if (!row.success) throw new TagshipError('router.refused', `there is no seat ${ref.seat} at the router`)
  return row.data
}
