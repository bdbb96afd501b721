import type { Deployment } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { noApp, noDeployment } from './access.ts'
import type { HttpStore } from './store.ts'

/** @throws app.notFound */
export async function findApp(store: HttpStore, name: string): Promise<AppRecord> {
  const app = await store.appByName(name)
  if (!app) throw noApp(name)
  return app
}

/** @throws deployment.notFound */
export async function findDeployment(store: HttpStore, id: string): Promise<Deployment> {
  const deployment = await store.deploymentById(id)
  if (!deployment) throw noDeployment(id)
  return deployment
}
