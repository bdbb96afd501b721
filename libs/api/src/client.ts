/** The typed client: one method a route, made from the table. Runs in Node and in a browser. */
import type { z } from 'zod'
import { ControllerUnreachable, networkReason, parseJson, throwProblem } from './client-errors.ts'
import { type Connection, follow } from './follow.ts'
import { isWrite, type Route } from './route.ts'
import { type RouteName, type Routes, routes } from './routes.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Of a write: a call with the key of an earlier one does nothing and gives that one's answer. Made up where left out. */
  readonly idempotencyKey?: string
  /** Of a stream: told whenever its connection breaks and whenever it is open. */
  readonly onConnection?: (state: Connection) => void
}

type Part<R extends Route, K extends 'params' | 'body'> = R extends {
  readonly [P in K]: infer S extends z.ZodType
}
  ? { readonly [P in K]: z.input<S> }
  : unknown
type QueryPart<R extends Route> = R extends { readonly query: infer S extends z.ZodType }
  ? { readonly query?: Partial<z.output<S>> }
  : unknown

/** What a call of the route takes: `{ params, query, body }`, as far as the route has them. */
export type Input<R extends Route> = Part<R, 'params'> & Part<R, 'body'> & QueryPart<R> & CallOptions
type Arguments<R extends Route> = CallOptions extends Input<R> ? [input?: Input<R>] : [input: Input<R>]

/** What a call of the route gives: its JSON; null where it has no body; else its text. */
export type Output<R extends Route> = R extends { readonly response: infer S extends z.ZodType }
  ? z.output<S>
  : R['status'] extends 204
    ? null
    : string

type StreamOf<R extends Route> = R extends { readonly stream: infer S extends z.ZodType }
  ? z.output<S>
  : never
type StreamName = {
  [N in RouteName]: Routes[N] extends { readonly stream: z.ZodType } ? N : never
}[RouteName]

export type Client = {
  readonly [N in RouteName]: (...input: Arguments<Routes[N]>) => Promise<Output<Routes[N]>>
} & {
  /**
   * The routes that can be followed. The promise is kept once the connection is open: nothing that happens
   * afterwards is missed. Ends where nothing more will come; opens broken connections again.
   */
  readonly follow: {
    readonly [N in StreamName]: (
      ...input: Arguments<Routes[N]>
    ) => Promise<AsyncGenerator<StreamOf<Routes[N]>>>
  }
}

export interface ClientOptions {
  /** Of the controller, without `/api/v1`. */
  readonly url: string
  readonly token: string | null
  readonly fetch?: typeof globalThis.fetch
}

/** Each method throws ApiError where the controller says no, ControllerUnreachable where none answers. */
export function createClient(options: ClientOptions): Client {
  const calls: Record<string, unknown> = {}
  const streams: Record<string, unknown> = {}
  for (const [name, route] of Object.entries<Route>(routes)) {
    calls[name] = (input: LooseInput = {}) => call(options, route, input)
    if (route.stream)
      streams[name] = (input: LooseInput = {}) => followRoute(options, route, route.stream, input)
  }
  return { ...calls, follow: streams } as Client
}

interface LooseInput extends CallOptions {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

async function call(options: ClientOptions, route: Route, input: LooseInput): Promise<unknown> {
  const response = await send(options, route, input, {})
  if (response.status === 204) return null
  const text = await explained(options, input.signal, () => response.text())
  if (!route.response) return text
  const parsed = route.response.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new ControllerUnreachable(options.url, 'its answer is not one that this version understands', {
    cause: parsed.error,
  })
}

async function followRoute<T>(
  options: ClientOptions,
  route: Route,
  item: z.ZodType<T> | undefined,
  input: LooseInput,
): Promise<AsyncGenerator<T>> {
  if (!item) throw new TypeError(`${route.path} cannot be followed`)
  const connect = (lastEventId: string | null) =>
    send(options, route, input, {
      accept: 'text/event-stream',
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    })
  return follow({ connect, item, signal: input.signal, onConnection: input.onConnection })
}

/** @returns an answer of 2xx, or of the route's other status. @throws ApiError, ControllerUnreachable, the signal's reason */
async function send(
  options: ClientOptions,
  route: Route,
  input: LooseInput,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const request: RequestInit = {
    method: route.method,
    headers: {
      accept: 'application/json',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...(route.body ? { 'content-type': 'application/json' } : {}),
      ...(isWrite(route) ? { 'idempotency-key': input.idempotencyKey ?? crypto.randomUUID() } : {}),
      ...headers,
    },
    ...(route.body ? { body: JSON.stringify(input.body ?? {}) } : {}),
    ...(input.signal ? { signal: input.signal } : {}),
  }
  const address = addressOf(options.url, route, input)
  const response = await explained(options, input.signal, () => (options.fetch ?? fetch)(address, request))
  return response.ok || response.status === route.orStatus ? response : throwProblem(options.url, response)
}

/** What the network does to a request becomes ControllerUnreachable, but for the caller's own abort. */
async function explained<T>(
  { url }: ClientOptions,
  signal: AbortSignal | undefined,
  request: () => Promise<T>,
): Promise<T> {
  try {
    return await request()
  } catch (error) {
    signal?.throwIfAborted()
    throw new ControllerUnreachable(url, networkReason(error), { cause: error })
  }
}

function addressOf(url: string, route: Route, input: LooseInput): string {
  const path = route.path.replace(/:(\w+)/g, (_, key: string) =>
    encodeURIComponent(String(input.params?.[key])),
  )
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(key, String(value))
  }
  return `${url.replace(/\/+$/, '')}${path}${query.size > 0 ? `?${query}` : ''}`
}
