/** Plain access to a Postgres database by URL, and its failures in Prisma's words. */
import pg from 'pg'

/** Parameters of a Prisma URL that mean nothing to Postgres itself. */
const prismaParameters = [
  'schema',
  'connection_limit',
  'pool_timeout',
  'pgbouncer',
  'connect_timeout',
  'socket_timeout',
  'statement_cache_size',
]

const connectMs = 10_000

/** The URL without Prisma's own parameters. */
export function connectionString(url: string): string {
  const parsed = new URL(url)
  for (const name of prismaParameters) parsed.searchParams.delete(name)
  return parsed.toString()
}

function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres'
}

export function schemaName(url: string): string | undefined {
  return new URL(url).searchParams.get('schema') ?? undefined
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: connectionString(url),
    connectionTimeoutMillis: connectMs,
  })
  client.on('error', () => {}) // the statement that it interrupts tells it
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** @returns the name of the database that was made */
export async function createDatabase(url: string): Promise<string> {
  const server = new URL(url)
  const name = databaseName(url)
  server.pathname = '/postgres'
  await withClient(server.toString(), (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`),
  )
  return name
}

export interface PrismaError {
  readonly error_code: string
  readonly message: string
  readonly meta: object
}

const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'ENOENT', '57P03']

/** Whether the error says that no server answered. */
export function isUnreachable(error: unknown): boolean {
  return unreachable.includes(codeOf(error) ?? '')
}

/** The error as the Prisma CLI expects it, or null where it has no code of its own. */
export function prismaError(error: unknown, url: string | undefined): PrismaError | null {
  const at = url ? new URL(url) : null
  const entry = (error_code: string, message: string) => ({ error_code, message, meta: {} })
  const code = codeOf(error)
  if (code === '3D000') return entry('P1003', `Database \`${databaseName(url ?? '')}\` does not exist`)
  if (code === '42P04') return entry('P1009', `Database \`${databaseName(url ?? '')}\` already exists`)
  if (code === '28P01' || code === '28000') {
    return entry('P1000', `Authentication failed against the database server as \`${at?.username}\`.`)
  }
  if (isUnreachable(error)) {
    return entry('P1001', `Can't reach database server at \`${at?.hostname}:${at?.port || 5432}\``)
  }
  return null
}

/** The code of a failed connection attempt or statement; Node wraps several attempts into one error. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return 'cause' in error ? codeOf(error.cause) : null
}
