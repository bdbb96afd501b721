import { throttle } from '@tagship/kit'
import type { Insight } from './http/insight.ts'
import type { Parts } from './parts.ts'

/** What the API shows of the world outside, from the parts of this controller. */
export function createInsight({ ports, log }: Parts): Insight {
  const warn = throttle((error: unknown) => log.warn({ err: error }, 'the engine does not list its images'))
  const images = rememberFor(imagesMs, () =>
    ports.builder.list().catch((error: unknown) => {
      warn(error)
      return null
    }),
  )
  return { images }
}

/** Pages that are open ask at every event; images come and go seldom. */
const imagesMs = 3_000

/** One call answers all who ask until its answer is that old. */
function rememberFor<T>(ms: number, call: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null
  return () => {
    const now = performance.now()
    if (!last || now > last.at + ms) last = { at: now, answer: call() }
    return last.answer
  }
}
