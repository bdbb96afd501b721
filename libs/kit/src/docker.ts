/** The one way to a Docker Engine: its client, and calls that always end. */
import Docker from 'dockerode'

export type { Docker }

/** A client of the engine that `DOCKER_HOST` names, else of this machine's. Opens no connection yet. */
export function createDocker(): Docker {
  return new Docker()
}

/** `unavailable`: nobody answers. `timeout`: no answer in time. `failed`: the engine refused. */
export type EngineTrouble = 'unavailable' | 'timeout' | 'failed'

/**
 * Makes one call to the engine, with a signal that aborts when its time (30 s unless told, in ms) is over.
 * Never hangs: rejects with the caller's error, the engine's answer as its `cause`.
 */
export type AskEngine = <T>(
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
  timeoutMs?: number,
) => Promise<T>

/** @param toError makes the error that the caller's users know */
export function createAskEngine(
  toError: (trouble: EngineTrouble, detail: string, cause: unknown) => Error,
): AskEngine {
  return async (what, call, timeoutMs = 30_000) => {
    // Not AbortSignal.timeout: its timer would hold the call, and what it has answered, until the time is over.
    const timeUp = new AbortController()
    const timer = setTimeout(() => timeUp.abort(), timeoutMs)
    const { signal } = timeUp
    try {
      return await Promise.race([call(signal), rejectOnAbort(signal)])
    } catch (error) {
      const trouble = signal.aborted && engineStatus(error) === null ? 'timeout' : troubleOf(error)
      const words = trouble === 'timeout' ? `no answer within ${timeoutMs / 1000} s` : engineWords(error)
      throw toError(trouble, `${what}: ${words}`, error)
    } finally {
      clearTimeout(timer)
    }
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

const connectionErrors = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EHOSTUNREACH']

function troubleOf(error: unknown): EngineTrouble {
  if (engineStatus(error) !== null) return 'failed'
  // A socket that is not there, or not ours, has the error codes of any other file.
  const noSocket = stringField(error, 'syscall') === 'connect'
  return noSocket || connectionErrors.includes(stringField(error, 'code') ?? '') ? 'unavailable' : 'failed'
}

/** The HTTP status of the engine's answer, also when it is the cause of `error`; null where there was none. */
export function engineStatus(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null
  if ('statusCode' in error && typeof error.statusCode === 'number') return error.statusCode
  return 'cause' in error ? engineStatus(error.cause) : null
}

/** What the engine said, without what its client wrapped around it. */
export function engineWords(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const answer = 'json' in error ? stringField(error.json, 'message') : null
  const message = answer ?? stringField(error, 'message') ?? String(error)
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
}

function stringField(value: unknown, key: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const field: unknown = Reflect.get(value, key)
  return typeof field === 'string' ? field : null
}
