/** The endpoint that people push to and clone from: hosted repositories over smart HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import { type AppName, toTagshipError } from '@tagship/domain'
import type { Log } from '@tagship/engine'
import { createTurns, type TakeTurn } from '@tagship/kit'
import { type PushAddress, parseAddress } from './address.ts'
import { converse, type OnPush } from './conversation.ts'
import { startBackend } from './http-backend.ts'
import { tokenOf } from './token.ts'

/**
 * `missing`: no token, or none that is valid (401). `forbidden`: the token may not do this (403).
 * `unknown`: there is no such app, or none that this token may know of (404).
 */
export type Access = { readonly actor: string } | 'missing' | 'forbidden' | 'unknown'

export interface PushEndpointOptions {
  /** The folder of the repositories: the same as that of the `GitSource`. */
  readonly folder: string
  /** Fetching is a `read`, pushing a `write`. */
  readonly authorize: (
    app: AppName,
    token: string | null,
    access: 'read' | 'write',
  ) => Promise<Access> | Access
  readonly onPush: OnPush
  readonly log: Log
  /** Bytes of one push at most; 2 GiB unless told. */
  readonly pushBytes?: number
}

/** Git has several processes for each that it serves. Who only uploads, or watches, needs no turn. */
const receiving = { atOnce: 4, longestMs: 2_000 } as const

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const refusals = {
  missing: [401, 'Tagship wants a token: give it as the password, with any user name.'],
  forbidden: [403, 'This token may not do that: ask an admin for one with a higher role.'],
  unknown: [404, 'There is no such repository.'],
} as const satisfies Record<Extract<Access, string>, readonly [number, string]>

/**
 * Answers `/git/APP.git/…` for repositories made by `ensureHosted`, and 404 for everything else. Resolves when
 * the request is over; never throws. The server must not limit the time that a request takes to arrive
 * (`requestTimeout: 0`), or large pushes over slow lines fail.
 */
export function createPushEndpoint(options: PushEndpointOptions): Handler {
  const folder = resolve(options.folder)
  const takeTurn = createTurns(receiving)
  return async (request, response) => {
    try {
      const address = parseAddress(request)
      if (!address) return refuse(request, response, 'unknown')
      const access = address.service === 'git-receive-pack' ? 'write' : 'read'
      const verdict = await options.authorize(address.app, tokenOf(request.headers.authorization), access)
      if (typeof verdict === 'string') return refuse(request, response, verdict)
      await serve({ ...options, folder, takeTurn }, address, verdict.actor, request, response)
    } catch (error) {
      options.log.error({ err: toTagshipError(error) }, 'a request to the push endpoint failed')
      if (response.headersSent) response.destroy()
      else answer(request, response, 500, 'Tagship could not answer; its log says why.')
    }
  }
}

async function serve(
  { folder, takeTurn, onPush, log, pushBytes = 2 * 1024 ** 3 }: PushEndpointOptions & { takeTurn: TakeTurn },
  address: PushAddress,
  actor: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const { app } = address
  using turn = await takeTurn()
  if (gone.signal.aborted) return
  const backend = await startBackend({ folder, address, actor, pushBytes }, request)
  const { channel } = backend
  converse({
    app,
    actor,
    channel,
    signal: gone.signal,
    onReceived: () => turn[Symbol.dispose](),
    onPush,
    log,
  })
  const errorLog = await backend.relay(request, response)
  if (errorLog) log.warn({ app, errorLog }, 'git-http-backend complained')
}

function refuse(request: IncomingMessage, response: ServerResponse, verdict: keyof typeof refusals): void {
  const [status, message] = refusals[verdict]
  if (verdict === 'missing') response.setHeader('www-authenticate', 'Basic realm="Tagship", charset="UTF-8"')
  answer(request, response, status, message)
}

/** git shows a text answer to its user as `remote: …`. */
function answer(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  request.resume()
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}
