/** What Postgres reports, in the words of the catalogue. */
import { TagshipError } from '@tagship/domain'
import { codeOf, isUnreachable } from './schema-engine/database.ts'

const uniqueViolation = '23505'

/** Shut down, starting up, too many clients; Prisma: unreachable, timed out, closed. */
const unavailable = [
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'ECONNRESET',
  'EPIPE',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
]
const refusedConnection = ['28P01', '28000', '3D000', 'P1000', 'P1003']
const brokenConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded when trying to connect)/

/** A failure of the connection as `database.unavailable`; anything else as it is. */
export function translateFailure(error: unknown): unknown {
  if (error instanceof TagshipError) return error
  const code = codeOf(error) ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const known = unavailable.includes(code) || refusedConnection.includes(code) || code.startsWith('08')
  if (!known && !isUnreachable(error) && !brokenConnection.test(message)) return error
  return new TagshipError('database.unavailable', `Postgres: ${message || code}`, { cause: error })
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
