/** Instances as pods of a Kubernetes cluster. */
import type { Instance, InstanceSpec, Runtime } from '@tagship/engine'
import { instanceName, setName } from '@tagship/kubernetes'
import { imageFacts } from '../docker/image-facts.ts'
import { allSpots, type Context, findSpot } from './context.ts'
import { listAt, listInstances } from './list.ts'
import { readLogs } from './logs.ts'
import { removeNamespace } from './namespace.ts'
import { probeInstance } from './probe.ts'
import { removeInstance, removeOneOff } from './remove.ts'
import { runOnce } from './run-once.ts'
import { startSet } from './start.ts'
import { watchInstances } from './watch.ts'

export type KubernetesRuntimeOptions = Context

export function createKubernetesRuntime(context: KubernetesRuntimeOptions): Runtime {
  return {
    takesTurns: false,
    // Images are built on an engine, wherever they run.
    imageFacts: (digest) => imageFacts(context, digest),
    start: async (spec) => {
      await startSet(context, spec)
      return begun(spec)
    },
    list: (app, deploymentId) => listInstances(context, app, deploymentId),
    listAll: async () => {
      const spots = await allSpots(context)
      return (await Promise.all(spots.map((spot) => listAt(context, spot, {})))).flat()
    },
    watch: (onChange, signal) => watchInstances(context, onChange, signal),
    probe: (instance, probe, health) => probeInstance(context, instance, probe, health),
    // Nobody looks into a pod from outside.
    listensElsewhere: async () => '',
    remove: (instance) => removeInstance(context, instance),
    runOnce: (spec, timeoutMs, onLine, signal) => runOnce(context, spec, timeoutMs, onLine, signal),
    removeOneOff: (app, deploymentId) => removeOneOff(context, app, deploymentId),
    logs: (instance, options) => readLogs(context, instance, options),
    removeApp: async (app) => {
      const spot = await findSpot(context, app)
      if (!spot) return
      await removeOneOff(context, app)
      await removeNamespace(context, spot, app)
    },
  }
}

/** What was asked for: the cluster has it in hand. */
function begun(spec: InstanceSpec): Instance {
  const { app, deploymentId, release, slot, process, replica } = spec
  const name = instanceName(setName(spec), replica)
  const nothingYet = {
    address: null,
    state: 'created',
    restarts: 0,
    exitCode: null,
    outOfMemory: false,
  } as const
  return {
    id: name,
    name,
    app,
    deploymentId,
    release,
    slot,
    process,
    ordinal: replica,
    ...nothingYet,
    note: null,
    health: 'none',
  }
}
