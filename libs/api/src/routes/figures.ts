import { figures, figuresQuery } from '../figures.ts'
import type { Route } from '../route.ts'
import { appParams } from '../values.ts'

export const figuresRoutes = {
  readFigures: {
    method: 'GET',
    path: '/api/v1/figures',
    summary: 'The DORA four, durations and rates over all apps, for a window of time',
    role: 'viewer',
    query: figuresQuery,
    response: figures,
    status: 200,
    errors: [],
  },
  readAppFigures: {
    method: 'GET',
    path: '/api/v1/apps/:app/figures',
    summary: 'The DORA four, durations and rates of an app, for a window of time',
    role: 'viewer',
    params: appParams,
    query: figuresQuery,
    response: figures,
    status: 200,
    errors: ['app.notFound'],
  },
} as const satisfies Record<string, Route>
