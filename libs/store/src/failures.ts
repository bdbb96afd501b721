/** What Postgres reports, in the words of the catalogue. */
import { TagshipError } from '@tagship/domain'
import { codeOf, isUnreachable } from './schema-engine/database.ts'

const uniqueViolation = '23505'

/**
 * Prisma: unreachable, timed out, closed. Postgres (appendix A): shut down, starting up, canceled by
 * `statement_timeout`, ended by another time-out, a standby that only reads.
 */
const unavailable = [
  ...['ECONNRESET', 'EPIPE', 'P1001', 'P1002', 'P1008', 'P1017', 'P2024'],
  ...['57P01', '57P02', '57P03', '57P05', '57014', '25P03', '25P04', '25006'],
]
/** Connection exception, insufficient resources (disk, memory, connections), system error. */
const unavailableClasses = ['08', '53', '58']
const refusedConnection = ['28P01', '28000', '3D000', 'P1000', 'P1003']
const brokenConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client was closed)/

/** A failure of the connection, or of a server that cannot do its work, as `database.unavailable`; anything else as it is. */
export function translateFailure(error: unknown): unknown {
  if (error instanceof TagshipError) return error
  const code = sqlState(error) ?? codeOf(error) ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const known =
    unavailable.includes(code) ||
    refusedConnection.includes(code) ||
    (/^[0-9A-Z]{5}$/.test(code) && unavailableClasses.includes(code.slice(0, 2)))
  if (!known && !isUnreachable(error) && !brokenConnection.test(message)) return error
  return new TagshipError('database.unavailable', `Postgres: ${message || code}`, { cause: error })
}

/** What Postgres itself said, where Prisma has wrapped it. */
function sqlState(error: unknown): string | null {
  const path = ['meta', 'driverAdapterError', 'cause', 'originalCode']
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    error,
  )
  return typeof found === 'string' ? found : null
}

/** Whether the error is a violation of the named unique index. */
export function violates(error: unknown, index: string): boolean {
  if (codeOf(error) !== uniqueViolation) return false
  return typeof error === 'object' && error !== null && 'constraint' in error && error.constraint === index
}

/** The same functions, with failures translated; what they return is not touched. */
export function translatingFailures<T extends object>(methods: T): T {
  return new Proxy(methods, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(method, target, args)
        if (!(result instanceof Promise)) return result
        return result.catch((error: unknown) => {
          throw translateFailure(error)
        })
      }
    },
  })
}
