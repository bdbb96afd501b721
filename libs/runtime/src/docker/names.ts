/** Names and labels: how everything of an app is found again, and told from what is not ours. */
import { createHash } from 'node:crypto'
import { type AppName, canonicalJson } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'

/** `release-command`: runs once before the instances do, and is never one of them. */
export type Role = 'instance' | 'release-command'

export function networkName(installation: string, app: AppName): string {
  return `tagship-${installation}-${app}`
}

export function containerName(installation: string, spec: InstanceSpec, role: Role): string {
  const deployment = `tagship-${installation}-${spec.app}-${spec.deploymentNumber}`
  return role === 'instance' ? `${deployment}-${spec.process}-${spec.ordinal}` : `${deployment}-release`
}

export function networkLabels(installation: string, app: AppName): Record<string, string> {
  return { 'dev.tagship': installation, 'dev.tagship.role': 'network', 'dev.tagship.app': app }
}

export function containerLabels(
  installation: string,
  spec: InstanceSpec,
  role: Role,
): Record<string, string> {
  return {
    'dev.tagship': installation,
    'dev.tagship.role': role,
    'dev.tagship.app': spec.app,
    'dev.tagship.deployment': spec.deploymentId,
    'dev.tagship.deployment-number': String(spec.deploymentNumber),
    'dev.tagship.release': String(spec.release),
    'dev.tagship.slot': spec.slot,
    'dev.tagship.process': spec.process,
    'dev.tagship.ordinal': String(spec.ordinal),
    [stopLabel]: String(spec.stopMs),
    [specLabel]: specHash(spec),
  }
}

/** Milliseconds that it gets to end after SIGTERM. */
export const stopLabel = 'dev.tagship.stop-ms'

/** Equal where two containers are made from equal specs. */
export const specLabel = 'dev.tagship.spec'

export function specHash(spec: InstanceSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex')
}

/** Label filters for the containers of one role: of the installation, of an app, of one deployment. */
export function labelFilters(
  installation: string,
  role: Role,
  app?: AppName,
  deploymentId?: string,
): { label: string[] } {
  const label = [`dev.tagship=${installation}`, `dev.tagship.role=${role}`]
  if (app !== undefined) label.push(`dev.tagship.app=${app}`)
  if (deploymentId !== undefined) label.push(`dev.tagship.deployment=${deploymentId}`)
  return { label }
}
