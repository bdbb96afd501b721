/** What there is of everything that a leak would make more of. */
import { readdir, readFile } from 'node:fs/promises'
import { processesNamed } from '../processes.ts'
import { query } from '../query.ts'
import { askRedis, postgresPid } from './faults.ts'
import { heldMb } from './memory.ts'
import type { Site } from './site.ts'

export type Census = Readonly<Record<(typeof names)[number], number>>

const names = [
  'containers',
  'networks',
  'processes',
  'zombies',
  'controllerHeldMb',
  'controllerFiles',
  'engineFiles',
  'routerFiles',
  'redisFiles',
  'postgresFiles',
  'redisKeys',
  'outboxRows',
] as const

/** By how much each may differ between two quiet moments, with as many apps and releases of the same kind. */
const tolerance: Census = {
  containers: 0,
  networks: 0,
  // Postgres keeps more or fewer connections.
  processes: 12,
  zombies: 0,
  // 30 deployments that leaked half a megabyte each would show.
  controllerHeldMb: 15,
  controllerFiles: 12,
  engineFiles: 25,
  routerFiles: 25,
  redisFiles: 12,
  postgresFiles: 12,
  redisKeys: 12,
  outboxRows: 0,
}

export async function takeCensus({ at, machine }: Site): Promise<Census> {
  const filters = { label: [`dev.tagship=${at.id}`] }
  const [containers, networks, pids, outbox] = await Promise.all([
    machine.docker.listContainers({ all: true, filters }),
    machine.docker.listNetworks({ filters }),
    readdir('/proc').then((entries) => entries.filter((entry) => /^\d+$/.test(entry))),
    query<{ count: number }>(at, 'SELECT count(*)::int AS count FROM outbox'),
  ])
  const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')))
  const controller = await at.pid()
  return {
    containers: containers.length,
    networks: networks.length,
    processes: pids.length,
    zombies: states.filter((status) => /^State:\s*Z/m.test(status)).length,
    controllerHeldMb: await heldMb(controller),
    controllerFiles: await files([controller]),
    engineFiles: await files([machine.engine.pid()]),
    routerFiles: await files(await processesNamed('haproxy')),
    redisFiles: await files(await processesNamed('redis-server')),
    postgresFiles: await files([await postgresPid(at.data)]),
    redisKeys: Number((await askRedis(at.data, 'DBSIZE')).slice(1)),
    outboxRows: outbox[0]?.count ?? 0,
  }
}

export function leaks(before: Census, after: Census): string[] {
  return names
    .filter((name) => after[name] > before[name] + tolerance[name])
    .map((name) => `${name}: ${before[name]} before, ${after[name]} after`)
}

async function files(pids: readonly number[]): Promise<number> {
  const counts = await Promise.all(
    pids.map((pid) =>
      readdir(`/proc/${pid}/fd`).then(
        (open) => open.length,
        () => 0,
      ),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
