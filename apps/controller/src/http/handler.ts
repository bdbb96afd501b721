/** What a handler of a route is: types only, derived from the contract's table. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Route, RouteName, Routes } from '@tagship/api'
import type { AppRecord } from '@tagship/engine'
import type { Logger } from '@tagship/kit'
import type { Identity } from '@tagship/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import type { z } from 'zod'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { Commands } from './commands.ts'
import type { Insight } from './insight.ts'
import type { StreamItem } from './server-sent-events.ts'
import type { HttpStore } from './store.ts'

export interface ServerDeps {
  /** As the caller sees it: what they may not see is not there. */
  readonly store: HttpStore
  /** Ids of the apps that the caller may see; null: all. */
  readonly visible: readonly string[] | null
  readonly commands: Commands
  readonly insight: Insight
  readonly log: Logger
  readonly version: string
  readonly readiness: () => Promise<{
    readonly ok: boolean
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[]
  }>
  /** Answers everything under /git/, and asks for a token itself. */
  readonly pushEndpoint: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void
  readonly metrics: Registry
  /** Sessions of people. */
  readonly signIn: SignIn
  /** Of this API, as users reach it, without a slash at the end. */
  readonly publicUrl: string
  /** Where users reach an app's host. */
  readonly appUrl: (app: AppRecord, host: string) => string
}

type Parsed<R extends Route, K extends 'params' | 'query' | 'body'> = R extends {
  readonly [P in K]: infer S extends z.ZodType
}
  ? z.output<S>
  : undefined

/** A request that was let in, with its parts checked. */
interface Call<R extends Route> {
  readonly params: Parsed<R, 'params'>
  readonly query: Parsed<R, 'query'>
  readonly body: Parsed<R, 'body'>
  /** The name of the user or token. */
  readonly actor: string
  /** Who asks; a handler of an open route has nobody. */
  readonly identity: Identity
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Answer<R extends Route> = R extends { readonly response: infer S extends z.ZodType }
  ? z.input<S>
  : R['status'] extends 204
    ? null
    : string | Readable

type Handler<N extends RouteName> = (deps: ServerDeps, call: Call<Routes[N]>) => Promise<Answer<Routes[N]>>

/** Looks everything up and checks it before the first item is asked for: until then it may throw. */
type StreamOpener<N extends RouteName> = (
  deps: ServerDeps,
  call: Call<Routes[N]>,
  signal: AbortSignal,
) => Promise<AsyncIterable<StreamItem>>

export type Handlers = { readonly [N in Exclude<RouteName, 'openapi'>]: Handler<N> }
export type StreamOpeners = {
  readonly [N in RouteName as Routes[N] extends { readonly stream: z.ZodType } ? N : never]: StreamOpener<N>
}
