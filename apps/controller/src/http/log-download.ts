/** A deployment's log as a file: written as it is read, at the pace of the reader. */
import { Readable } from 'node:stream'
import type { LogLineJson } from '@tagship/api'
import type { Deployment } from '@tagship/domain'
import type { LogRecord } from '@tagship/store'
import type { FastifyReply } from 'fastify'
import { type LogFilter, storedQuery } from './deployment-logs.ts'
import type { ServerDeps } from './handler.ts'
import type { HttpStore } from './store.ts'

const batch = 2_000

/** What is stored by now. */
export async function downloadLogs(
  { store }: ServerDeps,
  deployment: Deployment,
  filter: LogFilter,
  reply: FastifyReply,
): Promise<Readable> {
  const query = { ...storedQuery(deployment, filter), limit: batch }
  // The first page is read before the answer begins: until then it may still say what is wrong.
  const first = await store.logs({ ...query, after: 0 })
  reply
    .type('text/plain; charset=utf-8')
    .header('content-disposition', `attachment; filename="${deployment.app}-${deployment.number}.log"`)
    .header('cache-control', 'no-store')
  return Readable.from(chunks(store, query, first), { objectMode: false })
}

async function* chunks(
  store: HttpStore,
  query: Omit<Parameters<HttpStore['logs']>[0], 'after'>,
  first: readonly LogRecord[],
): AsyncGenerator<Buffer> {
  let lines = first
  for (;;) {
    const last = lines.at(-1)
    if (!last) return
    yield Buffer.from(lines.map(lineOf).join(''))
    lines = await store.logs({ ...query, after: last.seq })
  }
}

function lineOf({ at, source, process, text }: Pick<LogRecord, keyof LogLineJson>): string {
  return `${at.toISOString()} ${process ?? source} ${text.replace(/\n$/, '')}\n`
}
