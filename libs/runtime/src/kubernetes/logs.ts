/** What an instance prints, line by line. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import { TagshipError } from '@tagship/domain'
import type { Instance, LogLine, LogOptions } from '@tagship/engine'
import { setOf } from '@tagship/kubernetes'
import { type Context, findSpot, type Spot } from './context.ts'
import { listPods } from './list.ts'
import { containerNameOf, containerOf } from './pod.ts'

const reopenMs = 500

/** Follows over restarts and replacements of the pod, until the set is gone or the signal aborts. @throws cluster.* */
export async function* readLogs(
  context: Context,
  instance: Instance,
  options: LogOptions,
): AsyncGenerator<LogLine> {
  const spot = await findSpot(context, instance.app)
  if (!spot) return
  const { follow = false, signal } = options
  let query = options
  for (;;) {
    const pods = await listPods(context, spot, { set: setOf(instance.name) })
    const pod = pods[instance.ordinal]
    if (!pod) return
    let last = query.after
    for await (const line of readPodLog(spot, pod, query)) {
      last = line.at
      yield line
    }
    if (signal?.aborted) return
    if (!follow) {
      // Started again this moment, and silent so far: what the run before it said is what there is to tell.
      if (last === query.after) yield* readPodLog(spot, pod, query, true)
      return
    }
    query = { follow, ...(signal ? { signal } : {}), ...(last ? { after: last } : {}) }
    await sleep(reopenMs)
  }
}

/** The lines of one run of the pod's program; nothing where there is no such run. @param previous of the run before */
export async function* readPodLog(
  { cluster, namespace }: Spot,
  pod: V1Pod,
  { tail, after, follow = false, signal }: LogOptions,
  previous = isBetweenRuns(pod),
): AsyncGenerator<LogLine> {
  const name = pod.metadata?.name ?? ''
  const query = new URLSearchParams({
    container: containerNameOf(pod),
    timestamps: 'true',
    follow: String(follow),
    ...(previous ? { previous: 'true' } : {}),
    ...(tail === undefined ? {} : { tailLines: String(tail) }),
    // In whole seconds: what is of the same second and was there before is left out below.
    ...(after === undefined
      ? {}
      : { sinceTime: new Date(Math.floor(after.getTime() / 1_000) * 1_000).toISOString() }),
  })
  const stop = signal ?? new AbortController().signal
  try {
    const response = await cluster.request({
      base: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
      path: `?${query}`,
      signal: stop,
    })
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel()
      return
    }
    for await (const text of linesOf(response.body)) {
      const line = parseLine(text)
      if (line && (!after || line.at > after)) yield line
    }
  } catch (error) {
    if (stop.aborted) return
    throw new TagshipError('cluster.unavailable', `reading the log of pod ${name}: ${String(error)}`, {
      cause: error,
    })
  }
}

function isBetweenRuns(pod: V1Pod): boolean {
  const { state, lastState } = containerOf(pod) ?? {}
  return state?.waiting !== undefined && lastState?.terminated !== undefined
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** `2026-11-24T10:00:00.123456789Z text`; which of its two streams a line came from, a cluster does not say. */
function parseLine(line: string): LogLine | null {
  const space = line.indexOf(' ')
  const at = new Date(line.slice(0, space < 0 ? undefined : space))
  if (Number.isNaN(at.getTime())) return null
  return { at, stream: 'stdout', text: space < 0 ? '' : line.slice(space + 1).replace(/\r$/, '') }
}
