/** Server-sent events (WHATWG HTML §9.2) over a hijacked reply, at the pace of the reader. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { heartbeatMs, streamEnd, streamProblem } from '@tagship/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { explain, toProblem } from './problems.ts'

export interface StreamItem {
  /** What a reader that comes back names in Last-Event-ID. */
  readonly id: string
  readonly data: unknown
}

/** What a reader that comes back has seen last. */
export function lastEventId(headers: FastifyRequest['headers']): string | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** A reader that takes nothing for so long is let go; it comes back by itself. */
const stuckMs = 60_000

/** Sends every item, then the end. Takes the next item only when the reader has taken the last. */
export async function serveStream(
  request: FastifyRequest,
  reply: FastifyReply,
  items: AsyncIterable<StreamItem>,
  signal: AbortSignal,
): Promise<void> {
  const response = reply.hijack().raw
  response.writeHead(200, {
    ...headersOf(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n')
  }, heartbeatMs)
  try {
    for await (const { id, data } of items) {
      await write(response, `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`, signal)
    }
    if (!signal.aborted) response.write(`event: ${streamEnd}\ndata: {}\n\n`)
  } catch (error) {
    if (!signal.aborted) reportProblem(request, response, error)
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text)) return
  await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(stuckMs)]) })
}

function reportProblem(request: FastifyRequest, response: ServerResponse, error: unknown): void {
  request.log.error({ err: error }, 'stream failed')
  if (response.writableNeedDrain) response.destroy()
  else
    response.write(`event: ${streamProblem}\ndata: ${JSON.stringify(toProblem(request, explain(error)))}\n\n`)
}

/** A hijacked reply sends nothing by itself: what protects browsers, and a renewed cookie, go along. */
function headersOf(reply: FastifyReply) {
  return Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined))
}
