import type { TrafficHistoryJson } from '@tagship/api'
import { formatClock, formatMs } from '../../data/format.ts'
import type { Column } from '../../parts/columns.tsx'

/** Pure. A column a step, with a part for each slot. */
export function trafficColumns({ from, step, slots }: TrafficHistoryJson): Column[] {
  const steps = Math.max(0, ...slots.map(({ requests }) => requests.length))
  const start = Date.parse(from)
  return Array.from({ length: steps }, (_, index) => ({
    key: String(index),
    name: formatClock(new Date(start + index * step * 1_000)).slice(0, 5),
    parts: slots.map(({ slot, requests }) => ({ look: slot, amount: requests[index] ?? 0 })),
    says: slots
      .filter(({ requests }) => (requests[index] ?? 0) > 0)
      .map(({ slot, requests, errors, responseMs }) => {
        const answer = responseMs[index]
        const words = [`${slot} ${requests[index]}`]
        if (errors[index]) words.push(`${errors[index]} errors`)
        if (answer != null) words.push(formatMs(answer))
        return words.join(', ')
      })
      .join(' · '),
  }))
}
