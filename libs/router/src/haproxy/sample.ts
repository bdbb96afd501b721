/** One look at many slots: what the router has counted for each, and which of its servers it reaches. */
import { type Slot, slots } from '@tagship/domain'
import type { SlotSample } from '@tagship/engine'
import { z } from 'zod'
import { backendName } from './config.ts'
import { askSocket } from './socket.ts'
import { readTable } from './table.ts'

const count = z.coerce.number().int().nonnegative()
/** https://docs.haproxy.org/3.0/management.html#9.1 */
const backendRow = z.object({ scur: count, req_tot: count, hrsp_5xx: count, rtime: count })
const serverRow = z.object({ svname: z.string(), status: z.string() })

/** HAProxy reads a command into a buffer of 16 kB: so many seats fit into one line. */
const seatsAtOnce = 150
/** Of statistics: backends, and their servers. */
const rowTypes = 2 + 4

/** In the order of the seats; of a slot without targets as well, whose counts go on from there once it has some. @throws router.unavailable */
export async function readSample(socketPath: string, seats: readonly number[]): Promise<SlotSample[]> {
  const samples: SlotSample[] = []
  for (let from = 0; from < seats.length; from += seatsAtOnce) {
    const some = seats.slice(from, from + seatsAtOnce)
    const refs = some.flatMap((seat) => slots.map((slot) => ({ seat, slot })))
    const line = refs.map(({ seat, slot }) => `show stat ${backendName(seat, slot)} ${rowTypes} -1`).join(';')
    samples.push(...parseSample(await askSocket(socketPath, line), refs))
  }
  return samples
}

function parseSample(
  answer: string,
  refs: readonly { readonly seat: number; readonly slot: Slot }[],
): SlotSample[] {
  const rows = Map.groupBy(
    // Each command has an answer of its own, with the same heading.
    answer.split(/\n\n(?=# )/).flatMap((table) => readTable(table, ',')),
    ({ pxname }) => pxname,
  )
  return refs.flatMap((ref) => {
    const own = rows.get(backendName(ref.seat, ref.slot)) ?? []
    const backend = backendRow.safeParse(own.find(({ svname }) => svname === 'BACKEND')).data
    const servers = own.flatMap((row) => serverRow.safeParse(row).data ?? [])
    const targets = servers
      .filter(({ svname, status }) => svname !== 'BACKEND' && !status.startsWith('MAINT'))
      .map(({ svname, status }) => ({ name: svname, up: status.startsWith('UP') }))
    if (!backend) return []
    return {
      ...ref,
      requests: backend.req_tot,
      serverErrors: backend.hrsp_5xx,
      inFlight: backend.scur,
      responseMs: backend.req_tot > 0 ? backend.rtime : null,
      targets,
    }
  })
}
