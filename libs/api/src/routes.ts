/** The HTTP contract (DESIGN §8): one table, by the name of the route. */
import type { Route } from './route.ts'
import { appRoutes } from './routes/apps.ts'
import { configRoutes } from './routes/config.ts'
import { deploymentRoutes } from './routes/deployments.ts'
import { systemRoutes } from './routes/system.ts'

export const routes = {
  ...appRoutes,
  ...configRoutes,
  ...deploymentRoutes,
  ...systemRoutes,
} as const satisfies Record<string, Route>
export type Routes = typeof routes
export type RouteName = keyof Routes
