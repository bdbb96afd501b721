import type { EngineStore, LoggedLine, LogSource } from './ports.ts'

/** Lines arrive one by one and are stored in order, a batch every 100 ms at the latest. */
export interface LogWriter {
  write(text: string, about?: { process?: string; at?: Date }): void
  /** Stores what is left. @throws what storing threw */
  close(): Promise<void>
}

const flushMs = 100
/** Lines that the store did not take are offered again after so long. */
const againMs = 1_000
const maxLineLength = 16_384
/** While the store is away, the oldest lines beyond so many are given up. */
const maxWaiting = 10_000

export function openLogWriter(store: EngineStore, deploymentId: string, source: LogSource): LogWriter {
  let waiting: LoggedLine[] = []
  let givenUp = 0
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  async function storeWaiting(): Promise<void> {
    if (waiting.length === 0) return
    const lines = waiting
    const missing = givenUp
    waiting = []
    givenUp = 0
    try {
      await store.appendLog(deploymentId, source, missing > 0 ? [gapLine(missing), ...lines] : lines)
    } catch (error) {
      waiting = [...lines, ...waiting]
      givenUp += missing
      throw error
    }
  }

  const flush = () => {
    writing = writing.catch(() => {}).then(storeWaiting)
    return writing
  }

  const flushIn = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = null
      // Told by close(), where the store is still away by then.
      flush().catch(() => flushIn(againMs))
    }, ms)
  }

  return {
    write(text, about = {}) {
      const clean = text.replaceAll('\0', '�').slice(0, maxLineLength)
      waiting.push({ at: about.at ?? new Date(), process: about.process ?? null, text: clean })
      if (waiting.length > maxWaiting) {
        waiting.shift()
        givenUp += 1
      }
      flushIn(flushMs)
    },
    async close() {
      if (timer) clearTimeout(timer)
      timer = null
      try {
        await flush()
      } finally {
        if (timer) clearTimeout(timer)
      }
    },
  }
}

function gapLine(count: number): LoggedLine {
  return { at: new Date(), process: null, text: `(${count} lines are missing: the database was away)` }
}
