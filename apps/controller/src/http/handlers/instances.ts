import type { InstanceJson } from '@tagship/api'
import { releaseName } from '@tagship/domain'
import type { AppRecord, Instance } from '@tagship/engine'
import type { InstanceRecord } from '@tagship/store'
import type { AppLook } from '../../traffic/rates.ts'
import type { Handlers } from '../handler.ts'
import { findApp } from '../look-up.ts'

export const instanceHandlers = {
  async listInstances({ store, insight }, { params }) {
    const app = await findApp(store, params.app)
    const [recorded, running] = await Promise.all([store.instancesOf(app.id), insight.instances(app)])
    const look = insight.traffic.latest()?.apps.find(({ appId }) => appId === app.id) ?? null
    const records = new Map(recorded.map((record) => [record.id, record]))
    const items = running
      ? running.map((instance) => presentRunning(app, instance, records.get(instance.id) ?? null, look))
      : recorded.map((record) => presentRecorded(app, record, look))
    return { items, seen: running !== null, next: null }
  },
} satisfies Partial<Handlers>

function presentRunning(
  app: AppRecord,
  instance: Instance,
  record: InstanceRecord | null,
  look: AppLook | null,
): InstanceJson {
  const { name, process, ordinal, slot, state, address, restarts, exitCode, outOfMemory } = instance
  return {
    ...{ name, process, ordinal, slot, state, address, restarts, exitCode, outOfMemory },
    live: app.liveSlot === slot,
    deployment: instance.deploymentId,
    release: releaseName(instance.release),
    health: healthAtRouter(name, look) ?? ownHealth(instance),
    port: record?.port ?? null,
    startedAt: record?.createdAt.toISOString() ?? null,
  }
}

/** As it was last seen: the runtime does not answer. */
function presentRecorded(app: AppRecord, record: InstanceRecord, look: AppLook | null): InstanceJson {
  const { name, process, ordinal, slot, address, port } = record
  return {
    ...{ name, process, ordinal, slot, address, port },
    live: app.liveSlot === slot,
    deployment: record.deploymentId,
    release: releaseName(record.release),
    state: 'unknown',
    health: healthAtRouter(name, look) ?? 'unknown',
    startedAt: record.createdAt.toISOString(),
    restarts: 0,
    exitCode: null,
    outOfMemory: false,
  }
}

function healthAtRouter(name: string, look: AppLook | null): InstanceJson['health'] | null {
  const target = look?.slots.flatMap(({ targets }) => targets).find((one) => one.name === name)
  return target ? (target.up ? 'healthy' : 'unhealthy') : null
}

function ownHealth({ state, health }: Instance): InstanceJson['health'] {
  if (state !== 'running') return state === 'created' ? 'starting' : 'unhealthy'
  return health === 'none' ? 'unknown' : health
}
