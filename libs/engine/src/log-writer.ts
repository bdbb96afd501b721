import type { EngineStore, LoggedLine, LogSource } from './ports.ts'

/** Lines arrive one by one and are stored in order, a batch every 100 ms at the latest. */
export interface LogWriter {
  write(text: string, about?: { process?: string; at?: Date }): void
  /** Stores what is left. @throws what storing threw */
  close(): Promise<void>
}

const flushMs = 100
const maxLineLength = 16_384

export function openLogWriter(store: EngineStore, deploymentId: string, source: LogSource): LogWriter {
  let waiting: LoggedLine[] = []
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  const flush = () => {
    timer = null
    const batch = waiting
    waiting = []
    if (batch.length > 0) writing = writing.then(() => store.appendLog(deploymentId, source, batch))
    // A failed write is reported by close(); without this it would end the process before that.
    writing.catch(() => {})
  }

  return {
    write(text, about = {}) {
      const clean = text.replaceAll('\0', '�').slice(0, maxLineLength)
      waiting.push({ at: about.at ?? new Date(), process: about.process ?? null, text: clean })
      timer ??= setTimeout(flush, flushMs)
    },
    async close() {
      if (timer) clearTimeout(timer)
      flush()
      await writing
    },
  }
}
