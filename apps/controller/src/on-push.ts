import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Deployment,
  formatDuration,
  type JudgedTag,
  machine,
  releaseName,
  toTagshipError,
} from '@tagship/domain'
import { type AppRecord, type CommandPorts, deployChosen, observeTags, verdictsOf } from '@tagship/engine'
import type { Push } from '@tagship/git'
import type { TakeTurn } from '@tagship/kit'
import type { Store } from '@tagship/store'
import { followDeployment, isDecided } from './follow-deployment.ts'

/** What the pusher is told, line by line, while the push is under way. */
type Say = (line: string) => void

/**
 * After git has accepted a push: the tags are looked at as after a poll, and the pusher watches the
 * deployment that comes of it. The deployment goes on when the pusher leaves.
 */
export async function onPush(
  ports: CommandPorts & { readonly store: Store },
  urlOf: (app: AppRecord) => string,
  takeTurn: TakeTurn,
  push: Push,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const app = await ports.store.appByName(push.app)
  if (!app || push.tags.length === 0) return
  const pushed = new Set<string>(push.tags.map(({ name }) => name))
  const deployment = await patiently(say, async () => {
    using _turn = await takeTurn()
    const chosen = await deployChosen(ports, app, await observeTags(ports, app), push.actor)
    return chosen ?? (await foundByAnother(ports.store, app, pushed))
  })
  if (!deployment || push.tags.length > 1 || !pushed.has(deployment.tag ?? '')) {
    for (const line of verdictLines(await verdictsOf(ports, app, pushed))) say(line)
  }
  if (deployment) await tellProgress(ports.store, deployment.id, urlOf(app), say, signal)
}

/** A poll, or another controller's, may see the tag before the pusher's own look does. */
async function foundByAnother(
  store: Store,
  app: AppRecord,
  pushed: ReadonlySet<string>,
): Promise<Deployment | null> {
  const newest = await store.newestDeployment(app.id)
  return newest && pushed.has(newest.tag ?? '') && !isDecided(newest.state) ? newest : null
}

const againMs = 1_000
/** Beyond it, the next look at the repository finds the tags. */
const patienceMs = 10 * 60_000

/** git has taken the tags: a database that is away for a while must not keep them from being deployed. */
async function patiently<T>(say: Say, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (let told = false; ; told = true) {
    try {
      return await attempt()
    } catch (error) {
      const { code, message } = toTagshipError(error)
      if (code !== 'database.unavailable' || Date.now() > deadline) throw error
      if (!told) say(`the tags are in; what comes of them waits: ${message}`)
    }
    await sleep(againMs)
  }
}

function verdictLines(judged: readonly JudgedTag[]): string[] {
  const lines = judged.map(({ tag, verdict, why }) => `${tag.name}: ${verdict} (${why})`)
  return lines.length > 10 ? [...lines.slice(0, 10), `… and ${lines.length - 10} more`] : lines
}

async function tellProgress(
  store: Store,
  id: string,
  url: string,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  let told = 0
  for await (const deployment of followDeployment(store, id, signal)) {
    if (told === 0)
      say(
        `${deployment.tag ?? deployment.commit.slice(0, 7)} becomes release ${releaseName(deployment.releaseNumber)}`,
      )
    for (const phase of deployment.phases.slice(told))
      say(`  ${phase.name.padEnd(18)} ${machine[phase.name].meaning}`)
    told = deployment.phases.length
    if (!isDecided(deployment.state)) continue
    for (const line of endLines(deployment, url)) say(line)
    return
  }
}

function endLines(deployment: Deployment, url: string): string[] {
  const name = releaseName(deployment.releaseNumber)
  if (deployment.servingAt) {
    const took = deployment.servingAt.getTime() - deployment.createdAt.getTime()
    return [`${name} serves at ${url} after ${formatDuration(took)}`]
  }
  const { failure, state } = deployment
  const lines = failure
    ? [`${name} ${state}: ${failure.code}`, ...failure.message.split('\n').map((line) => `  ${line}`)]
    : [`${name} ${state}`]
  return [...lines, 'what was live serves on']
}
