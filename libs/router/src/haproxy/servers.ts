/** The servers of a slot's backend, as they are at run time: added and removed without a reload. */
import { isIPv6 } from 'node:net'
import { TagshipError } from '@tagship/domain'
import type { RouteTarget, SlotRef } from '@tagship/engine'
import { backendName, serverOptions } from './config.ts'
import { askSocket } from './socket.ts'
import { readTable } from './table.ts'
import { addressOf } from './words.ts'

interface Server {
  readonly name: string
  readonly address: string
  readonly maintenance: boolean
}

/** How long requests of a server that leaves may keep it, once they have been told to end. */
const removalMs = 4_000

/**
 * Makes the backend have exactly these servers: new ones come before old ones go. Requests that are still
 * under way at a server that goes are cut.
 * @throws router.refused
 */
export async function applyTargets(socketPath: string, ref: SlotRef, targets: readonly RouteTarget[]) {
  const backend = backendName(ref.seat, ref.slot)
  const present = new Map((await listServers(socketPath, backend)).map((server) => [server.name, server]))
  const wanted = new Map(targets.map((target) => [target.name, target]))
  for (const target of wanted.values()) {
    const server = present.get(target.name)
    if (server && server.address === addressOf(target)) {
      if (server.maintenance) await enableServer(socketPath, `${backend}/${target.name}`)
      continue
    }
    if (server) await removeServer(socketPath, `${backend}/${target.name}`)
    await addServer(socketPath, `${backend}/${target.name}`, addressOf(target))
  }
  const leaving = [...present.keys()].filter((name) => !wanted.has(name))
  await Promise.all(leaving.map((name) => removeServer(socketPath, `${backend}/${name}`)))
}

async function listServers(socketPath: string, backend: string): Promise<Server[]> {
  const answer = await askSocket(socketPath, `show servers state ${backend}`)
  const [, heading, ...lines] = answer.split('\n')
  if (!heading?.startsWith('# ')) throw new TagshipError('router.refused', `${backend}: ${answer}`)
  return readTable([heading, ...lines].join('\n'), ' ').map((row) => ({
    name: row.srv_name ?? '',
    address: `${isIPv6(row.srv_addr ?? '') ? `[${row.srv_addr}]` : row.srv_addr}:${row.srv_port}`,
    // SRV_ADMF_FMAINT: somebody put it into maintenance on purpose.
    maintenance: (Number(row.srv_admin_state) & 1) === 1,
  }))
}

async function addServer(socketPath: string, server: string, address: string): Promise<void> {
  await expect(socketPath, `add server ${server} ${address} ${serverOptions}`, 'New server registered.')
  await enableServer(socketPath, server)
}

async function enableServer(socketPath: string, server: string): Promise<void> {
  await expect(socketPath, `enable health ${server}`, '')
  await expect(socketPath, `enable server ${server}`, '')
}

async function removeServer(socketPath: string, server: string): Promise<void> {
  await expect(socketPath, `disable server ${server}`, '')
  await expect(socketPath, `shutdown sessions server ${server}`, '')
  await expect(socketPath, `wait ${removalMs}ms srv-removable ${server}`, 'Done.')
  await expect(socketPath, `del server ${server}`, 'Server deleted.')
}

/** @throws router.refused where the router says anything else */
async function expect(socketPath: string, line: string, answer: string): Promise<void> {
  const said = await askSocket(socketPath, line, removalMs + 2_000)
  if (said !== answer) throw new TagshipError('router.refused', `${line}: ${said}`)
}
