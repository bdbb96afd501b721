/** What really happened while a cell was played, as the Docker Engine and the router saw it: nothing of it twice. */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Slot } from '@tagship/domain'
import { createLogger } from '@tagship/kit'
import { createHaproxyRouter } from '@tagship/router'
import { query } from './query.ts'
import { app, type World } from './world.ts'

/** Far more often than two switches of one app can follow each other. */
const lookMs = 25

/** Watches from now on. @returns asks what was done more often than the history says, in words */
export async function watchDeeds(world: World): Promise<() => Promise<string[]>> {
  const since = Math.floor(Date.now() / 1_000)
  const [row] = await query(
    world.at,
    'SELECT seat, (SELECT coalesce(max(id), 0) FROM events)::text AS newest FROM apps WHERE name = $1',
    [app],
  )
  const endOfRoute = watchRoute(world, Number(row?.seat))
  return async () => {
    const turns = endOfRoute()
    return [...(await builtTwice(world, since)), ...(await turnedTooOften(world, String(row?.newest), turns))]
  }
}

/** The engine tells the end of a build by the name that it gives to the image. */
async function builtTwice({ at, machine: { docker } }: World, since: number): Promise<string[]> {
  const until = Math.ceil(Date.now() / 1_000)
  const stream = await docker.getEvents({ since, until, filters: { type: ['image'], event: ['tag'] } })
  const counts = new Map<string, number>()
  for await (const line of createInterface({ input: stream })) {
    const name: string = JSON.parse(line).Actor?.Attributes?.name ?? ''
    if (name.startsWith(`tagship-${at.id}/`)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([name, count]) => `${name} was built ${count} times`)
}

/** @returns ends the watch, and gives every slot that was seen to take the traffic, in order */
function watchRoute({ at, machine: { docker } }: World, seat: number): () => Slot[] {
  const log = createLogger('watch', 'silent')
  const bind = { address: '', port: at.httpPort }
  const folder = join(at.data, 'router')
  const router = createHaproxyRouter({ docker, installation: at.id, folder, image: '', bind, log })
  const seen: Slot[] = []
  let watching = true
  void (async () => {
    while (watching) {
      // A router that is away says nothing, and turns nothing.
      const live = await router.liveSlot(seat).catch(() => null)
      if (live && live !== seen.at(-1)) seen.push(live)
      await sleep(lookMs)
    }
  })()
  return () => {
    watching = false
    return seen
  }
}

async function turnedTooOften(
  { at }: World,
  newestBefore: string,
  turns: readonly Slot[],
): Promise<string[]> {
  const [row] = await query(
    at,
    `SELECT count(*) FILTER (WHERE to_state = 'draining' OR to_state = 'evicting')::int AS told,
       count(*) FILTER (WHERE type = 'refused')::int AS refused
     FROM events WHERE id > $1::bigint`,
    [newestBefore],
  )
  // A switch that was not confirmed goes back at once: both moves are one event.
  const told = Number(row?.told) + 2 * Number(row?.refused)
  const turned = turns.length - 1
  return turned > told
    ? [`the traffic was moved ${turned} times (${turns.join(' → ')}), not ${told} times`]
    : []
}
