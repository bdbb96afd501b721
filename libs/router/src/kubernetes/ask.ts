/** A request through an app's Service, that only the release in its live slot can answer. */
import { request } from 'node:http'
import type { HostName, Slot } from '@tagship/domain'
import { instanceName, serviceName, slotPorts } from '@tagship/kubernetes'
import { readState, type Spot } from './services.ts'

const answerMs = 1_000

/** After a try that found no way to the network of a cluster, its API server is asked instead for so long. */
const detourMs = 60_000

/** Servers whose Services cannot be reached from here, and until when that is believed. */
export type Detours = Map<string, number>

/** @returns one of the instances that may have answered; null where none did */
export async function askThrough(
  spot: Spot,
  detours: Detours,
  host: HostName,
  path: string,
): Promise<{ instance: string | null; status: number }> {
  const { live, sets, clusterIp } = await readState(spot)
  const set = live && sets[live]
  if (!live || !set) return { instance: null, status: 503 }
  const status = await statusThrough(spot, detours, { live, clusterIp, host, path })
  return { instance: status === null ? null : instanceName(set, 0), status: status ?? 503 }
}

interface Question {
  readonly live: Slot
  readonly clusterIp: string | null
  readonly host: HostName
  readonly path: string
}

/** Null: nobody answered. */
async function statusThrough(
  { cluster, namespace, app }: Spot,
  detours: Detours,
  { live, clusterIp, host, path }: Question,
): Promise<number | null> {
  const port = slotPorts[live]
  if (clusterIp && (detours.get(cluster.server) ?? 0) < Date.now()) {
    const answer = await askDirectly(clusterIp, port, host, path)
    // Refused: the node has not taken the new release over yet, or knows that there is none.
    if (answer !== 'unreachable') return answer
    detours.set(cluster.server, Date.now() + detourMs)
  }
  const url = `/api/v1/namespaces/${namespace}/services/${serviceName(app)}:${live}/proxy${path}`
  const response = await cluster.request(url).catch(() => null)
  if (!response) return null
  const text = response.status >= 500 ? await response.text().catch(() => '') : ''
  if (response.status < 500) await response.body?.cancel()
  return /no endpoints available|error trying to reach service/.test(text) ? null : response.status
}

function askDirectly(
  address: string,
  port: number,
  host: HostName,
  path: string,
): Promise<number | null | 'unreachable'> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(answerMs)
    const asking = request(
      { host: address, port, path, headers: { host }, agent: false, signal },
      (response) => {
        resolve(response.statusCode ?? null)
        asking.destroy()
      },
    )
    asking.on('error', (error: NodeJS.ErrnoException) => {
      const noWay = signal.aborted || error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH'
      resolve(noWay ? 'unreachable' : null)
    })
    asking.end()
  })
}
