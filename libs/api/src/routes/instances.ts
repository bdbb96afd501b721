import { instanceList } from '../instance.ts'
import type { Route } from '../route.ts'
import { appParams } from '../values.ts'

export const instanceRoutes = {
  listInstances: {
    method: 'GET',
    path: '/api/v1/apps/:app/instances',
    summary: 'The instances in both slots of an app',
    role: 'viewer',
    params: appParams,
    response: instanceList,
    status: 200,
    errors: ['app.notFound'],
  },
} as const satisfies Record<string, Route>
