import type { LogLineJson, LogSource } from '@tagship/api'
import { useEffect, useReducer, useRef } from 'react'
import { api } from '../../../data/session.ts'

export interface LogQuery {
  readonly deployment: string
  readonly source: LogSource
  /** Only lines with this text. */
  readonly text: string
}

export interface LogView {
  readonly lines: readonly LogLineJson[]
  /** Of lines that were put on top since the log was opened: what is in sight moves down by as many. */
  readonly prepended: number
  /** Leads to the lines before; null where there are none. */
  readonly previous: string | null
  /** `following`: more may come. `broken`: it goes on where it was, once the connection is back. */
  readonly state: 'loading' | 'following' | 'broken' | 'ended'
  readonly error: Error | null
}

type Step =
  | { readonly type: 'opened'; readonly lines: readonly LogLineJson[]; readonly previous: string | null }
  | { readonly type: 'came'; readonly lines: readonly LogLineJson[] }
  | { readonly type: 'older'; readonly lines: readonly LogLineJson[]; readonly previous: string | null }
  | { readonly type: 'is'; readonly state: LogView['state'] }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'reset' }

const nothing: LogView = { lines: [], prepended: 0, previous: null, state: 'loading', error: null }
const firstLines = 1_000

function reduce(view: LogView, step: Step): LogView {
  switch (step.type) {
    case 'reset':
      return nothing
    case 'opened':
      return { ...view, lines: step.lines, previous: step.previous, state: 'following' }
    case 'came':
      return { ...view, lines: [...view.lines, ...step.lines] }
    case 'older':
      return {
        ...view,
        lines: [...step.lines, ...view.lines],
        previous: step.previous,
        prepended: view.prepended + step.lines.length,
      }
    case 'is':
      return { ...view, state: step.state }
    case 'failed':
      return { ...view, error: step.error, state: 'ended' }
  }
}

/** The end of a log, then each line as it comes; `older` brings what is above. */
export function useLogs({ deployment, source, text }: LogQuery): LogView & { older(): void } {
  const [view, dispatch] = useReducer(reduce, nothing)
  const asking = useRef(false)
  const query = { source, ...(text ? { q: text } : {}) }

  useEffect(() => {
    const stopping = new AbortController()
    const { signal } = stopping
    dispatch({ type: 'reset' })
    const which = { source, ...(text ? { q: text } : {}) }
    follow(deployment, which, dispatch, signal).catch((error: unknown) => {
      if (!signal.aborted)
        dispatch({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
    })
    return () => stopping.abort()
  }, [deployment, source, text])

  return {
    ...view,
    older() {
      if (view.previous === null || asking.current) return
      asking.current = true
      api()
        .readLogs({
          params: { id: deployment },
          query: { ...query, before: view.previous, limit: firstLines },
        })
        .then(({ items, previous }) => dispatch({ type: 'older', lines: items, previous }))
        .catch(() => {})
        .finally(() => {
          asking.current = false
        })
    },
  }
}

type Which = { readonly source: LogSource; readonly q?: string }

async function follow(id: string, which: Which, dispatch: (step: Step) => void, signal: AbortSignal) {
  const { items, previous, last } = await api().readLogs({
    params: { id },
    query: { ...which, tail: firstLines, limit: firstLines },
    signal,
  })
  dispatch({ type: 'opened', lines: items, previous })
  const stream = await api().follow.readLogs({
    params: { id },
    query: { ...which, ...(last === null ? {} : { after: last }) },
    signal,
    onConnection: (state) => dispatch({ type: 'is', state: state === 'open' ? 'following' : 'broken' }),
  })
  const put = inBatches((lines) => dispatch({ type: 'came', lines }))
  for await (const line of stream) put(line)
  dispatch({ type: 'is', state: 'ended' })
}

/** Lines come one by one, and are drawn together: as many as fit between two frames. */
function inBatches(take: (lines: readonly LogLineJson[]) => void): (line: LogLineJson) => void {
  let waiting: LogLineJson[] = []
  return (line) => {
    waiting.push(line)
    if (waiting.length > 1) return
    // A page in the background has no frames, and must not let them pile up.
    setTimeout(() => {
      const lines = waiting
      waiting = []
      take(lines)
    }, 32)
  }
}
