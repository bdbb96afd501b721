import { rollback, rollbackBody } from '../deployment.ts'
import { release } from '../history.ts'
import type { Route } from '../route.ts'
import { appParams, page, pageQuery } from '../values.ts'

const targetErrors = ['app.notFound', 'release.notFound', 'release.alreadyLive', 'tag.notFound'] as const

export const releaseRoutes = {
  listReleases: {
    method: 'GET',
    path: '/api/v1/apps/:app/releases',
    summary: 'The releases of an app, newest first',
    role: 'viewer',
    params: appParams,
    query: pageQuery,
    response: page(release),
    status: 200,
    errors: ['app.notFound'],
  },
  rollBack: {
    method: 'POST',
    path: '/api/v1/apps/:app/rollback',
    summary: 'Bring an earlier release back, without a build',
    role: 'deployer',
    params: appParams,
    body: rollbackBody,
    response: rollback,
    status: 200,
    errors: [...targetErrors, 'image.missing'],
  },
} as const satisfies Record<string, Route>
