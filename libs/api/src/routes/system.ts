import { z } from 'zod'
import type { Route } from '../route.ts'
import { readiness } from '../system.ts'

export const systemRoutes = {
  health: {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether this controller runs',
    role: null,
    response: z.object({ status: z.literal('ok'), version: z.string() }),
    status: 200,
    errors: [],
  },
  readiness: {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether all that this controller depends on answers; status 503 where not',
    role: null,
    response: readiness,
    status: 200,
    orStatus: 503,
    errors: [],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Figures for Prometheus',
    role: 'viewer',
    status: 200,
    errors: [],
  },
  openapi: {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document',
    role: 'viewer',
    response: z.looseObject({ openapi: z.string() }),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>
