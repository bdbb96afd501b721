import { z } from 'zod'
import { rollbackPreview } from '../changes.ts'
import { rollback, rollbackBody } from '../deployment.ts'
import { release } from '../history.ts'
import type { Route } from '../route.ts'
import { appParams, line, page, pageQuery } from '../values.ts'

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
  previewRollback: {
    method: 'GET',
    path: '/api/v1/apps/:app/rollback',
    summary: 'What a rollback would do; changes nothing',
    role: 'viewer',
    params: appParams,
    query: z.strictObject({
      /** `v12`, or a tag; without it, the release that was live before. */
      to: line(300).optional(),
    }),
    response: rollbackPreview,
    status: 200,
    errors: targetErrors,
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
