import type { Route } from '../route.ts'
import { liveTrafficQuery, trafficHistory, trafficQuery, trafficSample } from '../traffic.ts'
import { appParams } from '../values.ts'

export const trafficRoutes = {
  readTraffic: {
    method: 'GET',
    path: '/api/v1/traffic',
    summary:
      'Requests per second on each slot, as last seen at the router or followed; status 503 before the first look',
    role: 'viewer',
    scope: 'own',
    query: liveTrafficQuery,
    response: trafficSample,
    stream: trafficSample,
    status: 200,
    errors: ['app.notFound', 'router.unavailable'],
  },
  readTrafficHistory: {
    method: 'GET',
    path: '/api/v1/apps/:app/traffic',
    summary: 'Requests, errors and response times of each slot, step by step; kept for a week',
    role: 'viewer',
    params: appParams,
    query: trafficQuery,
    response: trafficHistory,
    status: 200,
    errors: ['app.notFound'],
  },
} as const satisfies Record<string, Route>
