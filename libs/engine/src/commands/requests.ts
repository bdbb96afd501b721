import type { Deployment } from '@tagship/domain'
import type { AppRecord, CommandPorts } from '../ports.ts'
import type { Asked } from './deploy.ts'

/** @throws request.conflict where the deployment does not wait for it */
export function promote(ports: CommandPorts, deploymentId: string, asked: Asked): Promise<Deployment> {
  return ports.store.requestDeployment(deploymentId, { kind: 'promote', ...asked })
}

/** @throws request.conflict where it is too late: what serves is rolled back, not canceled */
export function cancel(ports: CommandPorts, deploymentId: string, asked: Asked): Promise<Deployment> {
  return ports.store.requestDeployment(deploymentId, { kind: 'cancel', ...asked })
}

/** Pauses auto-deploy. */
export function hold(ports: CommandPorts, app: AppRecord, asked: Asked): Promise<void> {
  return ports.store.setHold(app.id, { by: asked.actor, reason: asked.reason })
}

/** Lifts the hold, and looks at once whether a newer tag waits. */
export async function resume(ports: CommandPorts, app: AppRecord): Promise<void> {
  await ports.store.setHold(app.id, null)
  await ports.store.enqueue([{ queue: 'tags', id: app.id }])
}
