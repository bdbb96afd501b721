/** The kinds of traffic: how many lanes each has, how fast a lane goes, and what it does. */
import { freshGet } from './kinds/fresh-get.ts'
import { keepAliveGet } from './kinds/keep-alive-get.ts'
import { post } from './kinds/post.ts'
import { slow } from './kinds/slow.ts'
import { stream } from './kinds/stream.ts'
import { webSocket } from './kinds/web-socket.ts'
import type { OpenLane } from './lane.ts'

export interface Kind {
  /** Requests of this kind that are under way side by side. */
  readonly lanes: number
  /** Milliseconds from the start of a lane's request to the start of its next, or longer where it takes longer. */
  readonly paceMs: number
  readonly open: OpenLane
  /**
   * `end`: the latency of a request is the time to the last byte of its answer. `head`: to the first,
   * because the app takes its time over the rest on purpose.
   */
  readonly latencyTo: 'head' | 'end'
}

/** About 190 requests a second in all: a few per cent of one core. */
export const kinds = {
  keepAliveGet: { lanes: 4, paceMs: 50, open: keepAliveGet, latencyTo: 'end' },
  freshGet: { lanes: 2, paceMs: 40, open: freshGet, latencyTo: 'end' },
  smallPost: { lanes: 2, paceMs: 40, open: post(200), latencyTo: 'end' },
  largePost: { lanes: 2, paceMs: 400, open: post(256 * 1024), latencyTo: 'end' },
  slow: { lanes: 2, paceMs: 0, open: slow, latencyTo: 'end' },
  stream: { lanes: 4, paceMs: 0, open: stream, latencyTo: 'head' },
  webSocket: { lanes: 4, paceMs: 0, open: webSocket, latencyTo: 'head' },
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof kinds

export const kindNames = Object.keys(kinds) as KindName[]
