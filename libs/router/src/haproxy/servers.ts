/** The servers of a slot's backend, as they are at run time: added and removed without a reload. */
import { isIPv6 } from 'node:net'
import { TagshipError } from '@tagship/domain'
import type { RouteTarget, SlotRef } from '@tagship/engine'
import { backendName, serverOptions } from './config.ts'
import { askSocket } from './socket.ts'
import { readTable } from './table.ts'
import { addressOf } from './words.ts'

export interface Server {
  readonly backend: string
  readonly name: string
  readonly address: string
  readonly maintenance: boolean
}

/** How long requests of a server that leaves may keep it, once they have been told to end. */
const removalMs = 4_000

/**
 * Makes the backend have exactly these servers: new ones come before old ones go. Requests that are still
 * under way at a server that goes are cut.
 * @param present where the caller knows already what is there. @returns whether anything changed.
 * @throws router.refused
 */
export async function applyTargets(
  socketPath: string,
  ref: SlotRef,
  targets: readonly RouteTarget[],
  present?: readonly Server[],
): Promise<boolean> {
  const backend = backendName(ref.seat, ref.slot)
  const servers = present ?? (await listServers(socketPath, backend)).get(backend) ?? []
  const byName = new Map(servers.map((server) => [server.name, server]))
  let changed = false
  for (const target of targets) {
    const server = byName.get(target.name)
    byName.delete(target.name)
    const path = `${backend}/${target.name}`
    if (server?.address === addressOf(target)) {
      if (!server.maintenance) continue
      await expect(socketPath, enabling(path), '')
      changed = true
      continue
    }
    changed = true
    if (server) await removeServer(socketPath, server)
    const adding = `add server ${path} ${addressOf(target)} ${serverOptions}`
    await expect(socketPath, `${adding}; ${enabling(path)}`, 'New server registered.')
  }
  const removed = await Promise.all([...byName.values()].map((server) => removeServer(socketPath, server)))
  return changed || removed.includes(true)
}

/** A no-op for those that are not there. @throws router.refused */
export async function dropServers(socketPath: string, ref: SlotRef, names: readonly string[]): Promise<void> {
  const backend = backendName(ref.seat, ref.slot)
  const present = (await listServers(socketPath, backend)).get(backend) ?? []
  const dropped = present.filter(({ name }) => names.includes(name))
  await Promise.all(dropped.map((server) => removeServer(socketPath, server)))
}

/** The servers of one backend, or of all, by the backend's name. @throws router.refused */
export async function listServers(socketPath: string, backend?: string): Promise<Map<string, Server[]>> {
  const answer = await askSocket(socketPath, `show servers state${backend ? ` ${backend}` : ''}`)
  const [, heading, ...lines] = answer.split('\n')
  if (!heading?.startsWith('# ')) throw new TagshipError('router.refused', `${backend}: ${answer}`)
  const servers = readTable([heading, ...lines].join('\n'), ' ').map((row) => ({
    backend: row.be_name ?? '',
    name: row.srv_name ?? '',
    address: `${isIPv6(row.srv_addr ?? '') ? `[${row.srv_addr}]` : row.srv_addr}:${row.srv_port}`,
    // SRV_ADMF_FMAINT: somebody put it into maintenance on purpose.
    maintenance: (Number(row.srv_admin_state) & 1) === 1,
  }))
  return Map.groupBy(servers, (server) => server.backend)
}

function enabling(server: string): string {
  return `enable health ${server}; enable server ${server}`
}

/** What the router says when the time of a `wait` is over. */
const stillHeld = 'Wait delay expired.'

/**
 * Afterwards nothing new goes to the server. A tunnel whose other end has lost its network never hears that it is over:
 * it may keep the server, which then stays switched off, and goes with a later look. @returns whether anything changed
 */
async function removeServer(socketPath: string, { backend, name, maintenance }: Server): Promise<boolean> {
  const server = `${backend}/${name}`
  if (maintenance) return (await askSocket(socketPath, `del server ${server}`)) === 'Server deleted.'
  await expect(socketPath, `disable server ${server}`, '')
  await expect(socketPath, `shutdown sessions server ${server}`, '')
  const waiting = `wait ${removalMs}ms srv-removable ${server}`
  const said = await askSocket(socketPath, waiting, removalMs + 2_000)
  if (said === stillHeld) return true
  if (said !== 'Done.') throw new TagshipError('router.refused', `${waiting}: ${said}`)
  await expect(socketPath, `del server ${server}`, 'Server deleted.')
  return true
}

/** @throws router.refused where the router says anything else */
async function expect(socketPath: string, line: string, answer: string): Promise<void> {
  const said = await askSocket(socketPath, line)
  if (said !== answer) throw new TagshipError('router.refused', `${line}: ${said}`)
}
