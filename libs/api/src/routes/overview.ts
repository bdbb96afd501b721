import { overview, overviewQuery } from '../overview.ts'
import type { Route } from '../route.ts'

export const overviewRoutes = {
  readOverview: {
    method: 'GET',
    path: '/api/v1/overview',
    summary:
      'Every app at a glance, by name: slots, what is under way, health, the last hour’s traffic, alerts',
    role: 'viewer',
    scope: 'own',
    query: overviewQuery,
    response: overview,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>
