import { toTagshipError } from '@tagship/domain'
import { sleep } from './lease.ts'

const firstPauseMs = 500
const longestPauseMs = 10_000
const giveUpAfterMs = 60_000

/** Tries again, with growing pauses, while the catalogue says that it can help; for a minute at most. */
export async function retrying<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = Date.now() + giveUpAfterMs
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await attempt()
    } catch (error) {
      const hopeless = !toTagshipError(error).entry.retry || Date.now() + pause > deadline
      if (hopeless || signal.aborted) throw error
    }
    await sleep(pause, signal)
  }
}
