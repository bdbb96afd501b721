import { z } from 'zod'
import type { Route } from '../route.ts'
import { doctorFindings, readiness, system } from '../system.ts'

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
  readSystem: {
    method: 'GET',
    path: '/api/v1/system',
    summary: 'The control plane: queues, controllers, router, disk, versions, and what is degraded',
    role: 'viewer',
    response: system,
    status: 200,
    errors: [],
  },
  readDoctor: {
    method: 'GET',
    path: '/api/v1/system/doctor',
    summary: 'What the doctor finds on the controller’s machine, and how to mend what is wrong',
    role: 'admin',
    response: doctorFindings,
    status: 200,
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
    scope: 'own',
    response: z.looseObject({ openapi: z.string() }),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>
