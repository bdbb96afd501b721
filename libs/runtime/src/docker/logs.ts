/** What an instance prints, line by line. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine, LogOptions } from '@tagship/engine'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { parseLogStream } from './log-stream.ts'

const restartPollMs = 250

/**
 * Follows over restarts, until the instance ends for good. A line of more than 16 KB comes in several; without
 * `follow` at most what the engine keeps (30 MB) is held in memory. Nothing where the instance is gone.
 * @throws engine.*
 */
export async function* readLogs(context: Context, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const { follow = false, signal } = options
  let query: LogOptions = options
  do {
    let last = query.after
    for await (const line of readPass(context, id, query)) {
      last = line.at
      yield line
    }
    // From where it stopped, and no longer the last so many lines.
    query = { follow, ...(signal ? { signal } : {}), ...(last ? { after: last } : {}) }
  } while (follow && !signal?.aborted && (await runsAgain(context, id, signal)))
}

/** The lines of one run of the program, as far as they are after `after`. */
async function* readPass(context: Context, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const { after, signal } = options
  if (signal?.aborted) return
  const stream = await openLogs(context, id, options)
  if (stream === null) return
  const close = () => {
    if (stream instanceof Readable) stream.destroy()
  }
  signal?.addEventListener('abort', close, { once: true })
  try {
    for await (const line of parseLogStream(stream)) {
      if (!after || line.at > after) yield line
    }
  } catch (error) {
    if (!signal?.aborted) await askEngine(`reading the log of ${id}`, () => Promise.reject(error))
  } finally {
    signal?.removeEventListener('abort', close)
    close()
  }
}

async function openLogs(
  { docker }: Context,
  id: string,
  options: LogOptions,
): Promise<NodeJS.ReadableStream | null> {
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(options.tail === undefined ? {} : { tail: options.tail }),
    // In seconds, as a decimal fraction.
    ...(options.after === undefined ? {} : { since: String(options.after.getTime() / 1_000) }),
  }
  const container = docker.getContainer(id)
  return unless(
    askEngine(`reading the log of ${id}`, async () => {
      if (options.follow) return await container.logs({ ...query, follow: true })
      return Readable.from([await container.logs({ ...query, follow: false })])
    }),
    404,
  )
}

/** Whether the runtime starts the program again after its end: the policy does, unless somebody stopped it. */
async function runsAgain(context: Context, id: string, signal?: AbortSignal): Promise<boolean> {
  while (!signal?.aborted) {
    const state = (await inspectContainer(context, id))?.State
    if (!state || !(state.Running || state.Restarting)) return false
    if (state.Running && !state.Restarting) return true
    await sleep(restartPollMs)
  }
  return false
}
