/** A request through an app's Service, that only the release in its live slot can answer. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { type HostName, idleSlot, type Slot } from '@tagship/domain'
import { askCluster, instanceName, serviceName, slotPorts, unlessStatus } from '@tagship/kubernetes'
import { readState, type Spot } from './services.ts'

const connectMs = 500
const answerMs = 2_000

/** @returns one of the instances that may have answered; null where none did */
export async function askThrough(
  spot: Spot,
  host: HostName,
  path: string,
): Promise<{ instance: string | null; status: number }> {
  const { live, sets, clusterIp } = await readState(spot)
  const set = live && sets[live]
  if (!live || !set) return { instance: null, status: 503 }
  const status = await statusThrough(spot, { live, clusterIp, host, path })
  return { instance: status === null ? null : instanceName(set, 0), status: status ?? 503 }
}

/**
 * Whether users come to the slot now, and to no other: the Service has its pods behind the slot's port, and none behind
 * the other's, and where there is a way to the cluster's network from here, so has the node. A cluster tells nodes of
 * what comes and of what goes in two pieces, and may be cut off between them. @throws cluster.*
 */
export async function hasTakenOver(spot: Spot, slot: Slot, clusterIp: string | null): Promise<boolean> {
  const { cluster, namespace, app } = spot
  const name = serviceName(app)
  const looking = askCluster(`looking at the endpoints of ${name}`, () =>
    cluster.core.readNamespacedEndpoints({ name, namespace }),
  )
  const { subsets } = (await unlessStatus(looking, 404)) ?? {}
  const isListed = (name: Slot) =>
    subsets?.some(({ addresses, ports }) => addresses?.length && ports?.some((port) => port.name === name))
  const other = idleSlot(slot)
  if (!isListed(slot) || isListed(other)) return false
  if (!clusterIp) return true
  const [routed, left] = await Promise.all([
    isRouted(clusterIp, slot),
    takesConnections(clusterIp, slotPorts[other]),
  ])
  return routed !== 'notYet' && !left
}

/**
 * A node that still sends users to the old release does not know the new slot's port yet, and a node takes all ports of
 * a Service over together.
 */
async function isRouted(clusterIp: string, slot: Slot): Promise<'yes' | 'notYet' | 'noWay'> {
  const [isThere, isReachable] = await Promise.all([
    takesConnections(clusterIp, slotPorts[slot]),
    takesConnections(clusterIp, 80),
  ])
  if (isThere) return 'yes'
  return isReachable ? 'notYet' : 'noWay'
}

interface Question {
  readonly live: Slot
  readonly clusterIp: string | null
  readonly host: HostName
  readonly path: string
}

/**
 * Over the cluster's network, as its users come, where there is a way to it from here. Where there is none, the API
 * server is asked to ask. @returns null where nobody answered
 */
async function statusThrough(spot: Spot, { live, clusterIp, host, path }: Question): Promise<number | null> {
  const routed = clusterIp ? await isRouted(clusterIp, live) : 'noWay'
  if (clusterIp && routed === 'yes') return statusOf(clusterIp, slotPorts[live], host, path)
  return routed === 'notYet' ? null : statusByProxy(spot, live, path)
}

async function statusByProxy(
  { cluster, namespace, app }: Spot,
  live: Slot,
  path: string,
): Promise<number | null> {
  const base = `/api/v1/namespaces/${namespace}/services/${serviceName(app)}:${live}/proxy`
  const response = await cluster.request({ base, path }).catch(() => null)
  if (!response) return null
  if (response.status < 500) {
    await response.body?.cancel()
    return response.status
  }
  const words = await response.text().catch(() => '')
  return /no endpoints available|error trying to reach service/.test(words) ? null : response.status
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(connectMs) })
    socket.on('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}

function statusOf(address: string, port: number, host: HostName, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(answerMs)
    const asking = request(
      { host: address, port, path, headers: { host }, agent: false, signal },
      (response) => {
        resolve(response.statusCode ?? null)
        asking.destroy()
      },
    )
    asking.on('error', () => resolve(null))
    asking.end()
  })
}
