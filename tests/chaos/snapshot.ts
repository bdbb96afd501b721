/** All that a late controller could change: the rows, the router's seats, the containers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { query } from './query.ts'
import type { World } from './world.ts'

const tables = [
  ['deployments', 'id'],
  ['builds', 'release_id'],
  ['releases', 'id'],
  ['revisions', 'id'],
  ['events', 'id'],
  ['instances', 'id'],
  ['log_chunks', 'deployment_id, seq'],
  ['tags', 'app_id, name'],
  ['hosts', 'name'],
] as const

/** Without what changes by itself: when tags were looked at, and how long a container has been up. */
export async function takeSnapshot({ at, machine: { docker } }: World): Promise<string[]> {
  const rows = await Promise.all(
    tables.map(async ([table, order]) => {
      const found = await query(at, `SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY ${order}`)
      return found.map(({ row }) => `${table}: ${JSON.stringify(row)}`)
    }),
  )
  // Others only ask for a look.
  const jobs = await query(
    at,
    `SELECT queue, key FROM outbox WHERE queue IN ('deployments', 'builds') ORDER BY id`,
  )
  const apps = await query(
    at,
    `SELECT name, live_slot, serving_deployment_id, held_by, event_seq, event_hash, removed_at FROM apps ORDER BY id`,
  )
  const containers = await docker.listContainers({ all: true, filters: { label: [`dev.tagship=${at.id}`] } })
  const seats = await readFile(join(at.data, 'router/state/seats.cfg'), 'utf8')
  const images = await docker.listImages({ filters: { label: [`dev.tagship=${at.id}`] } })
  return [
    ...rows.flat(),
    ...jobs.map((row) => `job: ${JSON.stringify(row)}`),
    ...apps.map((row) => `app: ${JSON.stringify(row)}`),
    ...containers.map(({ Id, Names, State }) => `container: ${Names[0]} ${Id} ${State}`).sort(),
    ...images.map(({ Id }) => `image: ${Id}`).sort(),
    ...seats.split('\n').map((line) => `seats: ${line}`),
  ]
}

/** What is in one and not in the other, in words. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ]
}
