/** The audit as a file: written as it is read, at the pace of the reader. */
import { Readable } from 'node:stream'
import type { AuditEntryJson } from '@tagship/api'
import type { AuditFilter } from '@tagship/store'
import type { FastifyReply } from 'fastify'
import { presentAuditEntry } from './present.ts'
import type { HttpStore } from './store.ts'

const batch = 1_000

const formats = {
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    line: (entry: AuditEntryJson) => JSON.stringify(entry),
  },
  csv: {
    type: 'text/csv; charset=utf-8',
    head: 'id,at,actor,action,app,outcome,detail\r\n',
    line: ({ id, at, actor, action, app, outcome, detail }: AuditEntryJson) =>
      [id, at, actor, action, app ?? '', outcome, JSON.stringify(detail)].map(csvCell).join(','),
  },
} as const
const lineEnd = { ndjson: '\n', csv: '\r\n' } as const
type Format = keyof typeof formats

/** What was written when it began. */
export async function exportAudit(
  store: HttpStore,
  filter: AuditFilter,
  format: Format,
  reply: FastifyReply,
) {
  // The first page is read before the answer begins: until then it may still say what is wrong.
  const first = await store.readAudit({ ...filter, after: 0n, limit: batch })
  reply
    .type(formats[format].type)
    .header('content-disposition', `attachment; filename="tagship-audit.${format}"`)
    .header('cache-control', 'no-store')
  return Readable.from(lines(store, filter, format, first), { objectMode: false })
}

async function* lines(
  store: HttpStore,
  filter: AuditFilter,
  format: Format,
  first: Awaited<ReturnType<HttpStore['readAudit']>>,
): AsyncGenerator<Buffer> {
  const { head, line } = formats[format]
  yield Buffer.from(head)
  let entries = first
  for (;;) {
    const text = entries.map((entry) => line(presentAuditEntry(entry)) + lineEnd[format]).join('')
    if (text !== '') yield Buffer.from(text)
    const last = entries.at(-1)
    if (!last || entries.length < batch) return
    entries = await store.readAudit({ ...filter, after: last.id, limit: batch })
  }
}

/** RFC 4180; and what a spreadsheet would take for a formula is text. */
function csvCell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
