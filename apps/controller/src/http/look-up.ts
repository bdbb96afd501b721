import { type Deployment, quote, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { HttpStore } from './store.ts'

/** @throws app.notFound */
export async function findApp(store: HttpStore, name: string): Promise<AppRecord> {
  const app = await store.appByName(name)
  if (!app) throw new TagshipError('app.notFound', `there is no app ${quote(name)}`)
  return app
}

/** @throws deployment.notFound */
export async function findDeployment(store: HttpStore, id: string): Promise<Deployment> {
  const deployment = await store.deploymentById(id)
  if (!deployment) throw new TagshipError('deployment.notFound', `there is no deployment ${id}`)
  return deployment
}
