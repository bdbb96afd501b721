import { z } from 'zod'
import { logLine, logSources } from '../history.ts'
import type { Route } from '../route.ts'
import { deploymentParams, line, page } from '../values.ts'

const which = {
  source: z.enum(logSources).optional(),
  process: line(100).optional(),
  /** Only lines that have this text in them; upper and lower case are one. */
  q: line(200).optional(),
}

const logQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  /** The `next` of the page before, or the id of the last server-sent event. */
  after: line(200).optional(),
  /** The `previous` of a page: the lines that come before it. */
  before: line(200).optional(),
  /** Only the last so many lines. */
  tail: z.coerce.number().int().min(0).max(5_000).optional(),
  ...which,
})

export const logRoutes = {
  readLogs: {
    method: 'GET',
    path: '/api/v1/deployments/:id/logs',
    summary: 'The logs of a deployment, page by page in both directions, searched, or followed',
    role: 'viewer',
    params: deploymentParams,
    query: logQuery,
    response: page(logLine).extend({
      /** Leads to the lines before; null where there are none, or they are not kept. */
      previous: z.string().nullable(),
      /** Goes on after the last line, as `after` or to follow, once there is more. */
      last: z.string().nullable(),
    }),
    stream: logLine,
    status: 200,
    errors: ['deployment.notFound'],
  },
  downloadLogs: {
    method: 'GET',
    path: '/api/v1/deployments/:id/logs/download',
    summary: 'All that is kept of a deployment’s logs, as text',
    role: 'viewer',
    params: deploymentParams,
    query: z.strictObject(which),
    status: 200,
    errors: ['deployment.notFound'],
  },
} as const satisfies Record<string, Route>
