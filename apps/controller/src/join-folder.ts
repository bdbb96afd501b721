/** Whether a controller may start on a data folder, beside those that run there. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControllerFile } from '@tagship/api'
import { TagshipError } from '@tagship/domain'
import { takeLock } from '@tagship/kit'
import type { DataFolder } from './data-folder.ts'
import type { Options } from './options.ts'
import { readRegistry } from './registry.ts'

/** A start, with migrations and a new Postgres, takes seconds. */
const startMs = 60_000
/** A controller hands its work over sooner. */
const farewellMs = 30_000
const lookMs = 50

/** Controllers of one data folder start one after the other. @throws installation.busy */
export async function lockStart({ path, installation }: DataFolder): Promise<AsyncDisposable> {
  const lock = await takeLock(`${installation}/start`, startMs)
  if (!lock)
    throw new TagshipError('installation.busy', `another controller starts on ${path} at this moment`)
  return lock
}

/**
 * Only for the holder of the start's lock. Waits for what is about to end.
 * @returns the controller to use instead of a new one, and those that a new one would be beside
 * @throws installation.busy where they cannot be on one data folder
 */
export async function joinFolder(
  data: DataFolder,
  options: Options,
): Promise<{ adopt: ControllerFile | null; beside: readonly ControllerFile[] }> {
  const mine = { port: options.port, servers: serversOf(options), router: routerOf(options) }
  const beside = await untilNobodyStops(data, mine)
  const same = beside.find(({ port }) => port === mine.port)
  // Those with servers of their own are alone.
  const only = mine.servers === null ? beside.find(({ servers }) => servers === null) : undefined
  if (same || only) return { adopt: same ?? only ?? null, beside }
  for (const other of beside) {
    const obstacle = whyNotBeside(mine, other)
    if (obstacle)
      throw new TagshipError(
        'installation.busy',
        `a controller (pid ${other.pid}) on ${data.path} ${obstacle}`,
      )
  }
  return { adopt: null, beside }
}

type Place = Pick<ControllerFile, 'port' | 'servers' | 'router'>

function whyNotBeside(mine: Place, other: Place): string | null {
  if (other.servers === null) return 'has a Postgres of its own; only those that are given one can be several'
  if (mine.servers === null)
    return `works with ${other.servers}; give this one the same (DATABASE_URL, REDIS_URL)`
  if (mine.servers !== other.servers)
    return `works with ${other.servers}, this one would with ${mine.servers}`
  if (mine.router !== other.router)
    return `keeps the router at ${other.router}, this one would at ${mine.router} (--http-port, TAGSHIP_HTTPS_PORT)`
  return null
}

/** One that ends gives its port and its servers free soon; others on other ports may take their time. */
async function untilNobodyStops(data: DataFolder, mine: Place): Promise<ControllerFile[]> {
  const deadline = performance.now() + farewellMs
  for (;;) {
    const { alive } = await readRegistry(data)
    const inTheWay = alive.find(
      (one) => one.stopping && (one.port === mine.port || one.servers === null || mine.servers === null),
    )
    if (!inTheWay) return alive.filter(({ stopping }) => !stopping)
    if (performance.now() > deadline)
      throw new TagshipError(
        'installation.busy',
        `a controller (pid ${inTheWay.pid}) on ${data.path} does not end`,
      )
    await sleep(lookMs)
  }
}

export function routerOf({ httpBind, httpPort, tls }: Options): string {
  const secure = tls ? ` and ${tls.httpsPort} (redirect: ${tls.redirectPort ?? 'off'})` : ''
  return `${httpBind || '*'}:${httpPort}${secure}`
}

/** What the servers are told by, without their passwords; null: they are the controller's own. */
export function serversOf({ databaseUrl, redisUrl }: Options): string | null {
  if (databaseUrl === null) return null
  return [databaseUrl, ...(redisUrl === null ? [] : [redisUrl])].map(placeOf).join(' and ')
}

function placeOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null
  return url ? `${url.protocol}//${url.host}${url.pathname}` : 'a server'
}
