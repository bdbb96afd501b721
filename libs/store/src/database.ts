/** The connections of a store: Prisma for ordinary reads and writes, explicit SQL where locking matters. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Log } from '@tagship/engine'
import { throttle } from '@tagship/kit'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { connectionString } from './schema-engine/database.ts'

/** SQL that is planned once a connection, under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
}

export interface Session {
  /** @returns the rows, in the shape that the statement gives them */
  query<Row extends pg.QueryResultRow>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
}

export interface Database extends Session {
  readonly prisma: PrismaClient
  /** All of `work` or nothing of it. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Reads only, and sees the rows as they were at its first statement. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** A connection of its own, outside of the pool. */
  connect(): Promise<pg.Client>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly log: Log
  /** Connections at most; 10 unless given. */
  readonly poolSize?: number | undefined
  /** Called with the process id that the server has for a new connection, on the server's machine. */
  readonly onConnect?: ((pid: number) => void) | undefined
}

/**
 * Nothing waits for Postgres without an end. Every statement of the store is short: one that is not over by then
 * waits for a lock that nobody gives back, or for a server that is not there.
 */
const limits = {
  /** For a new connection, or for one of the pool's to be free. */
  connectionTimeoutMillis: 5_000,
  /** The server gives up, and says so. */
  statement_timeout: 5_000,
  /** Where it says nothing, the connection counts as dead. */
  query_timeout: 7_000,
  /** What a controller that died, stands still or is cut off has locked is free again; longer than a hand-over of jobs. */
  idle_in_transaction_session_timeout: 20_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const

/** A server that is away says no farewell. */
const farewellMs = 1_000

/** Thrown inside of a transaction to undo it; `transaction` gives its value back. */
export class Undo<T> {
  readonly value: T
  constructor(value: T) {
    this.value = value
  }
}

export function openDatabase({ url, log, poolSize = 10, onConnect }: DatabaseOptions): Database {
  const settings = {
    connectionString: connectionString(url),
    application_name: 'tagship',
    ...limits,
  }
  const pool = new pg.Pool({ ...settings, max: poolSize, idleTimeoutMillis: 60_000 })
  const tell = ({ processID }: pg.ClientBase & { readonly processID?: number }) => {
    if (processID) onConnect?.(processID)
  }
  pool.on('connect', survive)
  pool.on('connect', tell)
  // An idle connection that breaks is replaced by the next query.
  const warn = throttle((message: string) =>
    log.warn({ reason: message }, 'connections to Postgres were lost'),
  )
  // Of the error only the words: it carries the whole client with it.
  pool.on('error', ({ message }) => warn(message))
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return {
    prisma,
    ...sessionOn(pool),
    transaction: (work) => transaction(pool, 'BEGIN', work),
    snapshot: (work) => transaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    async connect() {
      const client = new pg.Client(settings)
      survive(client)
      await client.connect()
      tell(client)
      return client
    },
    async close() {
      await Promise.race([prisma.$disconnect().then(() => pool.end()), sleep(farewellMs)])
    },
  }
}

/** A connection that breaks where nobody listens would end the process; its next statement tells it. */
function survive(client: pg.ClientBase): void {
  client.on('error', () => {})
}

function sessionOn(connection: pg.Pool | pg.PoolClient): Session {
  return {
    async query<Row extends pg.QueryResultRow>({ name, text }: Statement, values: readonly unknown[] = []) {
      const result = await connection.query<Row>({ name, text, values: [...values] })
      return result.rows
    },
  }
}

async function transaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query(begin)
    const value = await work(sessionOn(client))
    await client.query('COMMIT')
    return value
  } catch (error) {
    // A connection that keeps silent, or where not even the rollback goes through, is of no more use.
    if (isSilence(error)) broken = error
    else await client.query('ROLLBACK').catch(onError)
    if (error instanceof Undo) return error.value
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

/** `query_timeout` has passed: the statement may still be under way on this connection. */
function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout'
}

/** Ends a connection of its own; one that does not answer is left to the system. */
export async function endConnection(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => {}), sleep(farewellMs)])
}

/** Text that Postgres can keep and gives back unchanged: no NUL, no half of a character. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** JSON that Postgres can keep and gives back unchanged. */
export function storableJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item.toString()
    return typeof item === 'string' ? storableText(item) : item
  })
  return text === undefined ? null : JSON.parse(text)
}
