/** When users came to another release, as the history tells it. */
import type { DeploymentJson } from '@tagship/api'

export interface Switch {
  readonly from: string
  readonly to: string
  readonly servingAt: Date
}

export function servingAt(deployment: DeploymentJson | undefined): Date {
  if (!deployment?.servingAt) throw new Error(`deployment ${deployment?.number} does not serve`)
  return new Date(deployment.servingAt)
}

/** A rollback in the bake ends the stay in `reverting`; a later one serves as any deployment does. */
export function undoneAt(deployment: DeploymentJson): Date {
  const reverting = deployment.phases.find(({ name }) => name === 'reverting')
  return reverting?.finishedAt ? new Date(reverting.finishedAt) : servingAt(deployment)
}
