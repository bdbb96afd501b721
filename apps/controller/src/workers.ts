import { setTimeout as sleep } from 'node:timers/promises'
import { runtimeNames, type TagshipError, toTagshipError } from '@tagship/domain'
import {
  advance,
  buildRelease,
  instancesChanged,
  type MaintenanceName,
  maintenance,
  pollTags,
  sweep,
  type Worker,
} from '@tagship/engine'
import { throttle } from '@tagship/kit'
import type { DataFolder } from './data-folder.ts'
import { wakeRouter } from './keep-router.ts'
import type { Parts } from './parts.ts'
import { readRegistry, unregister } from './registry.ts'

const deploymentsAtOnce = 64
const pollsAtOnce = 8
const sweepMs = 3_000
const maintenanceMs = 30_000
const routerWatchMs = 200
const routesCheckMs = 1_000
const clustersCheckMs = 2_000
const certificatesMs = 5_000

/** Lets the queues' jobs be worked on, and sees to it that no work stays without a job. */
export async function startWorkers(parts: Parts, buildsAtOnce: number): Promise<{ stop(): Promise<void> }> {
  const { ports, queue, log } = parts
  await takeOver(parts)
  const stopping = new AbortController()
  const worker: Worker = { name: parts.worker, stop: stopping.signal }

  queue.work('deployments', deploymentsAtOnce, (id) => advance(ports, id, worker))
  queue.work('builds', buildsAtOnce, (id) => buildRelease(ports, id, worker))
  queue.work('tags', pollsAtOnce, async (id) => void (await pollTags(ports, id)))
  // What is discarded may take its time to end: what is broken need not wait for it.
  queue.work('maintenance', 3, async (name) => maintenance[name as MaintenanceName]?.(ports))
  for (const name of Object.keys(maintenance)) queue.schedule('maintenance', name, maintenanceMs)
  // At once for what went while no controller looked, and then whenever the engine says that something went.
  let followed = Promise.resolve()
  const follow = (id: string | null) => {
    // One after the other: what was seen last has to be what is written last.
    followed = followed.then(() => instancesChanged(ports, id))
  }
  const watching = runtimeNames.map((name) => ports.places[name].runtime.watch(follow, stopping.signal))

  const seeToWork = async () => {
    await takeOver(parts)
    await parts.store.enqueue(await sweep(ports))
  }
  const sweeper = every(sweepMs, seeToWork, log)
  const routes = every(routesCheckMs, () => parts.router.restore(() => parts.store.routes('docker')), log)
  const clusters = every(
    clustersCheckMs,
    () => ports.places.kubernetes.router.restore(() => parts.store.routes('kubernetes')),
    log,
  )
  const certificates = every(certificatesMs, async () => parts.certificates?.renew(), log)
  const router = every(
    routerWatchMs,
    wakeRouter(parts, () => {
      routes.runSoon()
      certificates.runSoon()
    }),
    log,
  )
  const tasks = [sweeper, router, routes, clusters, certificates]
  return {
    async stop() {
      stopping.abort()
      await Promise.all([...watching, ...tasks.map((task) => task.stop())])
    },
  }
}

/** What a controller calls itself where it takes leases. */
export function workerName({ installation }: DataFolder, controllerId: string): string {
  return `${installation}:${controllerId}`
}

/** The work of controllers that died goes on here or elsewhere, at once; their leases would end in seconds. */
async function takeOver({ data, store, log }: Parts): Promise<void> {
  for (const { id, pid } of (await readRegistry(data)).dead) {
    await store.endLeases(workerName(data, id))
    await unregister(data, id)
    log.info({ controller: id, pid }, 'a controller has died; its work is taken over')
  }
}

interface Regular {
  /** Ends the pause that it is in. */
  runSoon(): void
  stop(): Promise<void>
}

/** Runs at once and then again, `ms` after each end; a failure changes nothing, and is logged, but seldom while it lasts. */
function every(ms: number, run: () => Promise<void>, log: Parts['log']): Regular {
  const stopping = new AbortController()
  let pause = new AbortController()
  const running = (async () => {
    let troubled = false
    const tell = throttle((error: TagshipError) =>
      log.error({ err: error }, `a regular task failed: ${error.message}`),
    )
    while (!stopping.signal.aborted) {
      pause = new AbortController()
      try {
        await run()
        if (troubled) log.info({}, 'a regular task works again')
        troubled = false
      } catch (error) {
        tell(toTagshipError(error))
        troubled = true
      }
      const signal = AbortSignal.any([stopping.signal, pause.signal])
      await sleep(ms, undefined, { signal }).catch(() => {})
    }
  })()
  return {
    runSoon: () => pause.abort(),
    async stop() {
      stopping.abort()
      await running
    },
  }
}
