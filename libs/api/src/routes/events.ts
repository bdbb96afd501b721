import { z } from 'zod'
import { event, eventMessage } from '../history.ts'
import type { Route } from '../route.ts'
import { line, page, pageQuery } from '../values.ts'

const eventQuery = pageQuery.extend({
  app: line(100).optional(),
  deployment: z.uuid().optional(),
  /** Of a stream: id of an event; those after it come first. `0`: all there are. Without it, only new ones. */
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the id of an event')
    .optional(),
})

export const eventRoutes = {
  readEvents: {
    method: 'GET',
    path: '/api/v1/events',
    summary: 'The history of all apps: newest first as a page, or every event as it happens as a stream',
    role: 'viewer',
    scope: 'own',
    query: eventQuery,
    response: page(event),
    stream: eventMessage,
    status: 200,
    errors: ['app.notFound', 'deployment.notFound'],
  },
} as const satisfies Record<string, Route>
