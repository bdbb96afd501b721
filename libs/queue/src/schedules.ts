import { type Logger, throttle } from '@tagship/kit'
import type { BullQueue } from './transport.ts'

interface Schedule {
  readonly queue: string
  readonly id: string
  readonly everyMs: number
}

/** How soon a schedule is back after the store was emptied. */
const checkMs = 5_000

/** Keeps job schedulers in place: the store may be away when one is asked for, and may lose it later. */
export function startSchedules(
  use: (name: string, work: (queue: BullQueue) => Promise<void>) => Promise<void>,
  log: Logger,
) {
  const schedules: Schedule[] = []
  let stopped = false
  const warn = throttle((fields: object) => log.warn(fields, 'schedules wait for the queue'))

  async function ensure({ queue: name, id, everyMs }: Schedule): Promise<void> {
    await use(name, async (queue) => {
      const found = await queue.getJobScheduler(id)
      if (found?.every === everyMs) return
      const opts = { removeOnComplete: true, removeOnFail: true }
      await queue.upsertJobScheduler(id, { every: everyMs }, { name: id, data: null, opts })
    })
  }

  const ensureSafely = (schedule: Schedule) =>
    ensure(schedule).catch((error) => {
      if (!stopped) warn({ err: error, schedule: schedule.id })
    })
  const timer = setInterval(() => schedules.forEach(ensureSafely), checkMs).unref()

  return {
    add(schedule: Schedule): void {
      schedules.push(schedule)
      void ensureSafely(schedule)
    },
    stop(): void {
      stopped = true
      clearInterval(timer)
    },
  }
}
