/** Instances as containers of a Docker Engine. */
import type { Log, Runtime } from '@tagship/engine'
import type { Docker } from '@tagship/kit'
import type { Context } from './engine.ts'
import { imageFacts } from './image-facts.ts'
import { listInstances } from './list.ts'
import { whatListens } from './listening.ts'
import { readLogs } from './logs.ts'
import { createEnsureNetwork, removeNetwork } from './network.ts'
import { probeInstance } from './probe.ts'
import { removeContainer } from './remove.ts'
import { removeOneOff, runOnce } from './run-once.ts'
import { startInstance } from './start.ts'
import { watchInstances } from './watch.ts'

export interface DockerRuntimeOptions {
  readonly docker: Docker
  /** Everything carries it as a label and in its name; nothing of another installation is found or touched. */
  readonly installation: string
  /** Addresses that the networks of apps are taken from, a /24 each. */
  readonly networkPool?: string
  readonly log: Log
}

export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const context: Context = { networkPool: '10.192.0.0/12', ...options }
  const ensureNetwork = createEnsureNetwork(context)
  return {
    takesTurns: true,
    imageFacts: (digest) => imageFacts(context, digest),
    start: (spec) => startInstance(context, ensureNetwork, spec),
    list: (app, deploymentId) => listInstances(context, app, deploymentId),
    listAll: () => listInstances(context),
    watch: (onChange, signal) => watchInstances(context, onChange, signal),
    probe: (instance, probe, health) => probeInstance(context, instance, probe, health),
    listensElsewhere: ({ id }, port) => whatListens(context, id, port),
    remove: (instance) => removeContainer(context, instance.id),
    runOnce: (spec, timeoutMs, onLine, signal) =>
      runOnce(context, ensureNetwork, spec, timeoutMs, onLine, signal),
    removeOneOff: (app, deploymentId) => removeOneOff(context, app, deploymentId),
    logs: (instance, logOptions) => readLogs(context, instance.id, logOptions),
    removeApp: async (app) => {
      await removeOneOff(context, app)
      await removeNetwork(context, app)
    },
  }
}
