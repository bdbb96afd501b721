import { setTimeout as sleep } from 'node:timers/promises'
import { throttle } from '@tagship/kit'
import { doctor } from './doctor.ts'
import type { Insight } from './http/insight.ts'
import type { Options } from './options.ts'
import type { Parts } from './parts.ts'
import { createSystemReport } from './system-report.ts'
import type { TrafficWatch } from './traffic/watch.ts'

/** Pages that are open ask at every event; images come and go seldom. */
const imagesMs = 3_000
/** An engine that hangs must not let pages hang that only show something of it besides. */
const patienceMs = 800
/** Each look starts programs. */
const doctorMs = 10_000

/** What the API shows of the world outside, from the parts of this controller. */
export function createInsight(
  parts: Parts,
  traffic: TrafficWatch,
  controller: { readonly id: string; readonly options: Options },
): Insight {
  const { ports, source, builder, log } = parts
  const warn = throttle((err: unknown) => log.warn({ err }, 'a part of the world cannot be looked at'))
  const orNull = <T>(asked: Promise<T>): Promise<T | null> =>
    asked.catch((error: unknown) => {
      warn(error)
      return null
    })
  const soonOrNull = <T>(asked: Promise<T>) =>
    Promise.race([orNull(asked), sleep(patienceMs, null, { ref: false })])
  return {
    images: rememberFor(imagesMs, () => soonOrNull(ports.builder.list())),
    image: (digest) => soonOrNull(builder.describe(digest)),
    instances: (app) => soonOrNull(ports.places[app.runtime].runtime.list(app.name)),
    compareCommits: (app, base, head) =>
      orNull(source.compare({ app: app.name, url: app.repoUrl }, base, head)),
    traffic,
    system: createSystemReport(parts, controller.id),
    doctor: rememberFor(doctorMs, () => doctor(controller.options)),
  }
}

/** One call answers all who ask until its answer is that old. */
function rememberFor<T>(ms: number, call: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null
  return () => {
    const now = performance.now()
    if (!last || now > last.at + ms) last = { at: now, answer: call() }
    return last.answer
  }
}
