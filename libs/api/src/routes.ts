/** The HTTP contract (DESIGN §8): one table, by the name of the route. */
import type { Route } from './route.ts'
import { accessRoutes } from './routes/access.ts'
import { appRoutes } from './routes/apps.ts'
import { auditRoutes } from './routes/audit.ts'
import { configRoutes } from './routes/config.ts'
import { deploymentRoutes } from './routes/deployments.ts'
import { eventRoutes } from './routes/events.ts'
import { figuresRoutes } from './routes/figures.ts'
import { instanceRoutes } from './routes/instances.ts'
import { logRoutes } from './routes/logs.ts'
import { overviewRoutes } from './routes/overview.ts'
import { releaseRoutes } from './routes/releases.ts'
import { sourceRoutes } from './routes/source.ts'
import { systemRoutes } from './routes/system.ts'
import { trafficRoutes } from './routes/traffic.ts'

export const routes = {
  ...overviewRoutes,
  ...accessRoutes,
  ...appRoutes,
  ...configRoutes,
  ...deploymentRoutes,
  ...releaseRoutes,
  ...instanceRoutes,
  ...trafficRoutes,
  ...logRoutes,
  ...eventRoutes,
  ...figuresRoutes,
  ...auditRoutes,
  ...sourceRoutes,
  ...systemRoutes,
} as const satisfies Record<string, Route>
export type Routes = typeof routes
export type RouteName = keyof Routes
