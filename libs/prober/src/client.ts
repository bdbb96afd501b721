/** HTTP/1.1 over one connection, which is opened when first needed and again when it has gone. */
import { Client, type Dispatcher } from 'undici'
import type { Target } from './lane.ts'
import type { ProbeRequest } from './request.ts'

export function openClient(target: Target): Client {
  return new Client(target.origin, {
    connect: { timeout: target.timeoutMs },
    headersTimeout: target.timeoutMs,
    bodyTimeout: target.timeoutMs,
    pipelining: 1,
  })
}

export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Uint8Array
  /** Ask the server to close the connection afterwards. */
  readonly reset?: boolean
}

/**
 * Sends one request and notes the head of its answer.
 * @returns the body, still to be read; throws where the status is not 200
 */
export async function ask(
  client: Client,
  target: Target,
  request: ProbeRequest,
  what: Ask,
): Promise<Dispatcher.ResponseData['body']> {
  const { statusCode, headers, body } = await client.request({ ...what, headers: { host: target.host } })
  request.answered({ status: statusCode, headers })
  if (statusCode !== 200) {
    const text = await body.text()
    throw new Error(`answered ${statusCode}: ${text.slice(0, 200)}`)
  }
  return body
}

/** GETs the start page, which must not be empty. A page that breaks off throws. */
export async function getPage(
  client: Client,
  target: Target,
  request: ProbeRequest,
  reset = false,
): Promise<void> {
  const body = await ask(client, target, request, { method: 'GET', path: '/', reset })
  const page = await body.bytes()
  if (page.length === 0) throw new Error('the page is empty')
}
