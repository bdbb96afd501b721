import { z } from 'zod'
import { changes } from '../changes.ts'
import { deployBody, deployed, deployment, deploymentQuery, listedDeployment } from '../deployment.ts'
import { healthAttempts } from '../health.ts'
import { image } from '../image.ts'
import type { Route } from '../route.ts'
import { appParams, deploymentParams, line, page } from '../values.ts'
import { gitErrors, toDeployErrors } from './errors.ts'

export const deploymentRoutes = {
  listAllDeployments: {
    method: 'GET',
    path: '/api/v1/deployments',
    summary: 'The deployments of all apps, newest first; a page may be short, or empty, and have a next one',
    role: 'viewer',
    scope: 'own',
    query: deploymentQuery.extend({ app: line(100).optional() }),
    response: page(listedDeployment),
    status: 200,
    errors: ['app.notFound'],
  },
  listDeployments: {
    method: 'GET',
    path: '/api/v1/apps/:app/deployments',
    summary: 'The deployments of an app, newest first; a page may be short, or empty, and have a next one',
    role: 'viewer',
    params: appParams,
    query: deploymentQuery,
    response: page(listedDeployment),
    status: 200,
    errors: ['app.notFound'],
  },
  deploy: {
    method: 'POST',
    path: '/api/v1/apps/:app/deployments',
    summary: 'Deploy a tag, a commit, or what the policy chooses',
    role: 'deployer',
    params: appParams,
    body: deployBody,
    response: deployed,
    status: 202,
    errors: ['app.notFound', ...toDeployErrors, ...gitErrors],
  },
  getDeployment: {
    method: 'GET',
    path: '/api/v1/deployments/:id',
    summary: 'A deployment, with its phases',
    role: 'viewer',
    params: deploymentParams,
    response: listedDeployment,
    status: 200,
    errors: ['deployment.notFound'],
  },
  readImage: {
    method: 'GET',
    path: '/api/v1/deployments/:id/image',
    summary: 'The image of a deployment, with its layers',
    role: 'viewer',
    params: deploymentParams,
    response: image,
    status: 200,
    errors: ['deployment.notFound'],
  },
  readChanges: {
    method: 'GET',
    path: '/api/v1/deployments/:id/changes',
    summary: 'What a deployment changes against what serves, or served before it',
    role: 'viewer',
    params: deploymentParams,
    response: changes,
    status: 200,
    errors: ['deployment.notFound', 'app.notFound'],
  },
  listHealthAttempts: {
    method: 'GET',
    path: '/api/v1/deployments/:id/health',
    summary: 'How often each instance of a deployment was probed, and what was found',
    role: 'viewer',
    params: deploymentParams,
    response: z.object({ items: z.array(healthAttempts), next: z.null() }),
    status: 200,
    errors: ['deployment.notFound'],
  },
  promote: {
    method: 'POST',
    path: '/api/v1/deployments/:id/promote',
    summary: 'Let a deployment that waits for it go on to the switch',
    role: 'deployer',
    params: deploymentParams,
    response: deployment,
    status: 202,
    errors: ['deployment.notFound', 'request.conflict'],
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/deployments/:id/cancel',
    summary: 'Stop a deployment that has not taken traffic',
    role: 'deployer',
    params: deploymentParams,
    response: deployment,
    status: 202,
    errors: ['deployment.notFound', 'request.conflict'],
  },
} as const satisfies Record<string, Route>
