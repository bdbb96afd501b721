import { z } from 'zod'
import { auditEntry, auditVerdict, outcomes } from '../history.ts'
import type { Route } from '../route.ts'
import { line, listOf, moment, page, pageQuery } from '../values.ts'

const which = {
  app: line(100).optional(),
  actor: line(100).optional(),
  action: line(100).optional(),
  outcome: listOf(outcomes).optional(),
  since: moment.optional(),
  until: moment.optional(),
}

const verifyQuery = z.strictObject({
  /** Heads that were noted before, with commas in between: each has to be in a chain still. */
  expect: z
    .string()
    .regex(/^[0-9a-f]{64}(,[0-9a-f]{64}){0,99}$/, 'must be up to 100 hashes with commas in between')
    .optional(),
})

export const auditRoutes = {
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'Who did what, newest first',
    role: 'viewer',
    scope: 'own',
    query: pageQuery.extend(which),
    response: page(auditEntry),
    status: 200,
    errors: ['app.notFound'],
  },
  exportAudit: {
    method: 'GET',
    path: '/api/v1/audit/export',
    summary: 'Who did what, oldest first, as a file: a JSON document a line, or CSV',
    role: 'viewer',
    scope: 'own',
    query: z.strictObject({ format: z.enum(['ndjson', 'csv']).default('ndjson'), ...which }),
    status: 200,
    errors: ['app.notFound'],
  },
  verifyAudit: {
    method: 'GET',
    path: '/api/v1/audit/verify',
    summary: 'Whether the history of every app, and the record of who did what, is intact',
    role: 'viewer',
    query: verifyQuery,
    response: auditVerdict,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>
