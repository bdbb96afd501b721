/** Names and labels: how everything of an app is found again, and told from what is not ours. */
import type { AppName, Slot } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'

/** Our fields of an object that is applied server-side. */
export const fieldManager = 'tagship'

/** `set`: the instances of one process of a deployment. `release-command`: runs once before them. */
export type ObjectRole = 'set' | 'release-command' | 'service' | 'namespace' | 'registry'

export const setLabel = 'dev.tagship.set'
export const specAnnotation = 'dev.tagship.spec'

/** How many instances a set was made with: what it has now may be somebody else's wish. */
export const replicasAnnotation = 'dev.tagship.replicas'

/** The name of the object that holds all instances of one process of a deployment. */
export function setName(spec: Pick<InstanceSpec, 'app' | 'deploymentNumber' | 'process'>): string {
  return `${spec.app}-${spec.deploymentNumber}-${spec.process}`
}

/** Of an instance: its set, and its own number in it. */
export function instanceName(set: string, replica: number): string {
  return `${set}-${replica}`
}

/** The set that an instance belongs to, by the instance's name. */
export function setOf(instance: string): string {
  return instance.replace(/-\d+$/, '')
}

export function serviceName(app: AppName): string {
  return app
}

export function previewName(app: AppName): string {
  return `${app}-preview`
}

/** The container that counts requests on their way to the program beside it; see the runtime's `counter.ts`. */
export const counterName = 'tagship-counter'

/** Of its port that says what it has counted. */
export const countsPort = 'counts'

/** The name of its side towards the program, as its figures carry it. */
export const counterBackend = 'app'

/** The port of an app's Service that only the pods of this slot answer at. */
export const slotPorts: Readonly<Record<Slot, number>> = { blue: 8001, green: 8002 }

export function appLabels(installation: string, app: AppName, role: ObjectRole): Record<string, string> {
  return {
    'dev.tagship': installation,
    'dev.tagship.role': role,
    'dev.tagship.app': app,
    'app.kubernetes.io/managed-by': 'tagship',
    'app.kubernetes.io/name': app,
  }
}

export function specLabels(
  installation: string,
  spec: InstanceSpec,
  role: 'set' | 'release-command',
): Record<string, string> {
  return {
    ...appLabels(installation, spec.app, role),
    'dev.tagship.deployment': spec.deploymentId,
    'dev.tagship.deployment-number': String(spec.deploymentNumber),
    'dev.tagship.release': String(spec.release),
    'dev.tagship.slot': spec.slot,
    'dev.tagship.process': spec.process,
    [setLabel]: setName(spec),
  }
}

export function labelSelector(labels: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(labels)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
    .join(',')
}
