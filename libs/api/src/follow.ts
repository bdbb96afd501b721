/** Server-sent events (WHATWG HTML §9.2) as an async iterator that survives broken connections. */
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { z } from 'zod'
import { ApiError, parseJson } from './client-errors.ts'
import { problem } from './problem.ts'

/** The server sends a comment this often, so that a connection that is silent for three of them is dead. */
export const heartbeatMs = 15_000
const silenceMs = 3 * heartbeatMs
const longestPauseMs = 2_000

/** Names of the events that are not data. */
export const streamEnd = 'end'
export const streamProblem = 'problem'

export interface FollowOptions<T> {
  /** Opens a connection that goes on after the event of that id. */
  readonly connect: (lastEventId: string | null) => Promise<Response>
  readonly item: z.ZodType<T>
  readonly signal?: AbortSignal | undefined
  readonly onConnection?: ((state: Connection) => void) | undefined
}

/** `broken`: it is opened again; what comes meanwhile comes then. */
export type Connection = 'open' | 'broken'

/**
 * Connects, and gives every item until the server says that there will be no more. A connection that breaks is opened again
 * where it ended, however long that takes; `signal` bounds it.
 * @throws what `connect` throws the first time; ApiError; the signal's reason
 */
export async function follow<T>(options: FollowOptions<T>): Promise<AsyncGenerator<T>> {
  const first = await options.connect(null)
  options.onConnection?.('open')
  return items(options, first)
}

async function* items<T>(options: FollowOptions<T>, first: Response): AsyncGenerator<T> {
  const { connect, item, signal, onConnection } = options
  let lastEventId: string | null = null
  let failures = 0
  let response: Response | null = first
  for (;;) {
    try {
      if (!response) {
        response = await connect(lastEventId)
        onConnection?.('open')
      }
      for await (const message of readMessages(response)) {
        failures = 0
        lastEventId = message.id ?? lastEventId
        if (message.event === streamEnd) return
        yield readItem(message, item)
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!isWorthAnotherTry(error)) throw error
    }
    response = null
    onConnection?.('broken')
    failures += 1
    await pause(Math.min(longestPauseMs, 50 * 2 ** failures), signal)
  }
}

/** A break of the connection is; an answer that says no, or that cannot be read, is not. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500
  return !(error instanceof UnreadableItem)
}

class UnreadableItem extends Error {}

function readItem<T>(message: EventSourceMessage, item: z.ZodType<T>): T {
  const data = parseJson(message.data)
  if (message.event === streamProblem) throw new ApiError(problem.parse(data))
  const parsed = item.safeParse(data)
  if (!parsed.success) throw new UnreadableItem(`an event was not as expected: ${parsed.error.message}`)
  return parsed.data
}

async function* readMessages(response: Response): AsyncGenerator<EventSourceMessage> {
  const reader = response.body?.getReader()
  if (!reader) return
  const arrived: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (message) => arrived.push(message) })
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await orSilence(reader.read())
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* arrived.splice(0)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

async function orSilence<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the connection went silent')), silenceMs)
  })
  try {
    return await Promise.race([read, silence])
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(wake, ms)
    signal?.addEventListener('abort', wake)
    if (signal?.aborted) wake()
  })
}
