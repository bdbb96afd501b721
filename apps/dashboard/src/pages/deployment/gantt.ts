import type { DeploymentJson } from '@tagship/api'
import { isSettled } from '@tagship/domain/machine'

/** One bar of the Gantt: where it begins and how long it is, as shares of the whole. */
export interface Bar {
  readonly name: DeploymentJson['state']
  readonly ms: number
  readonly left: number
  readonly width: number
  readonly running: boolean
}

export interface Gantt {
  readonly bars: readonly Bar[]
  readonly ms: number
}

/** Pure. From its creation until it was settled, or until now; how long it stayed live is not part of its way. */
export function ganttOf(
  deployment: Pick<DeploymentJson, 'createdAt' | 'phases' | 'state'>,
  now: number,
): Gantt {
  const from = Date.parse(deployment.createdAt)
  const stays = [...withQueue(deployment)].filter(({ name }) => name === 'queued' || !isSettled(name))
  const ends = stays.map(({ finishedAt }) => (finishedAt === null ? now : Date.parse(finishedAt)))
  const ms = Math.max(1, ...ends.map((end) => end - from))
  const bars = stays.map(({ name, startedAt, finishedAt }, index) => {
    const start = Date.parse(startedAt)
    const length = Math.max(0, (ends[index] ?? now) - start)
    return { name, ms: length, left: (start - from) / ms, width: length / ms, running: finishedAt === null }
  })
  return { bars, ms }
}

/** The time in the queue is a phase too, whether or not it is listed as one. */
function* withQueue({ createdAt, phases, state }: Pick<DeploymentJson, 'createdAt' | 'phases' | 'state'>) {
  const [first] = phases
  if (first?.name !== 'queued') {
    const finishedAt = first?.startedAt ?? (isSettled(state) ? createdAt : null)
    yield { name: 'queued' as const, startedAt: createdAt, finishedAt }
  }
  yield* phases
}
