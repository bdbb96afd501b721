import { z } from 'zod'
import { deployment } from '../deployment.ts'
import { auditEntry, auditVerdict, eventMessage, logLine, logSources } from '../history.ts'
import type { Route } from '../route.ts'
import { deploymentParams, line, page, pageQuery } from '../values.ts'

const logQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  /** The `next` of the page before, or the id of the last server-sent event. */
  after: line(200).optional(),
  source: z.enum(logSources).optional(),
  process: line(100).optional(),
  /** Only the last so many lines, of what instances have written. */
  tail: z.coerce.number().int().min(0).max(5_000).optional(),
})

const eventQuery = z.strictObject({
  app: line(100).optional(),
  deployment: z.uuid().optional(),
  /** Id of an event: those after it come first. `0`: all there are. Without it, only new ones. */
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the id of an event')
    .optional(),
})

const verifyQuery = z.strictObject({
  /** Heads that were noted before, with commas in between: each has to be in a chain still. */
  expect: z
    .string()
    .regex(/^[0-9a-f]{64}(,[0-9a-f]{64}){0,99}$/, 'must be up to 100 hashes with commas in between')
    .optional(),
})

export const deploymentRoutes = {
  getDeployment: {
    method: 'GET',
    path: '/api/v1/deployments/:id',
    summary: 'A deployment, with its phases',
    role: 'viewer',
    params: deploymentParams,
    response: deployment,
    status: 200,
    errors: ['deployment.notFound'],
  },
  promote: {
    method: 'POST',
    path: '/api/v1/deployments/:id/promote',
    summary: 'Let a deployment that waits for it go on to the switch',
    role: 'deployer',
    params: deploymentParams,
    response: deployment,
    status: 202,
    errors: ['deployment.notFound', 'request.conflict'],
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/deployments/:id/cancel',
    summary: 'Stop a deployment that has not taken traffic',
    role: 'deployer',
    params: deploymentParams,
    response: deployment,
    status: 202,
    errors: ['deployment.notFound', 'request.conflict'],
  },
  readLogs: {
    method: 'GET',
    path: '/api/v1/deployments/:id/logs',
    summary: 'The logs of a deployment, as a page or followed',
    role: 'viewer',
    params: deploymentParams,
    query: logQuery,
    response: page(logLine),
    stream: logLine,
    status: 200,
    errors: ['deployment.notFound'],
  },
  readEvents: {
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Every event as it happens',
    role: 'viewer',
    query: eventQuery,
    stream: eventMessage,
    status: 200,
    errors: ['app.notFound', 'deployment.notFound'],
  },
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'Who did what, newest first',
    role: 'viewer',
    query: pageQuery.extend({ app: line(100).optional() }),
    response: page(auditEntry),
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
