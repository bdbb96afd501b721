/** Waiting for what a deployment comes to, and the exit code of it (DESIGN §7). */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type Client, ControllerUnreachable, type DeploymentJson } from '@tagship/api'
import { errorCatalogue } from '@tagship/domain/errors'
import { isServing, isSettled } from '@tagship/domain/machine'
import { formatDuration } from '@tagship/domain/units'
import type { Trouble } from './errors.ts'
import { deploymentLabel, releaseLabel } from './output/names.ts'
import { note, printJson, printLines, printTrouble } from './output/print.ts'
import { createProgress, type Progress } from './output/progress.ts'
import { paint } from './output/text.ts'
import { elapsed } from './output/time.ts'

/** `reverted`: the route is back at the old slot. `settled`: nothing more will happen. */
export type Goal = 'serving' | 'live' | 'reverted' | 'settled'

/** Shows the phases until the goal is reached, or cannot be any more. @throws the signal's reason */
export async function waitFor(
  client: Client,
  deployment: DeploymentJson,
  goal: Goal,
  signal: AbortSignal,
  progress: Progress = createProgress(deployment),
): Promise<DeploymentJson> {
  let latest = deployment
  try {
    const query = { deployment: deployment.id, after: '0' }
    const events = await persistently(() => client.follow.readEvents({ query, signal }), signal)
    for await (const message of events) {
      latest = message.deployment ?? latest
      progress.update(latest)
      if (isOver(latest, goal)) break
    }
    return latest
  } finally {
    progress.end()
  }
}

const againMs = 1_000

/** What was asked for goes on while the controller or its database is away: so does waiting for it. */
async function persistently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const away =
        error instanceof ControllerUnreachable || (error instanceof ApiError && error.status >= 500)
      if (!away) throw error
    }
    await sleep(againMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function isOver({ state, servingAt }: DeploymentJson, goal: Goal): boolean {
  if (isSettled(state)) return true
  if (goal === 'serving') return isServing(state) && servingAt !== null
  return goal === 'reverted' && state === 'evicting'
}

export function reached({ state }: DeploymentJson, goal: Goal): boolean {
  if (goal === 'reverted') return state === 'evicting' || state === 'rolledBack'
  return isServing(state) || state === 'retired'
}

/** Prints what came of it; with --json the document, the deployment unless another is given. @returns the exit code */
export async function reportOutcome(
  client: Client,
  deployment: DeploymentJson,
  goal: Goal,
  json: boolean,
  document: unknown = deployment,
): Promise<number> {
  if (json) printJson(document)
  if (reached(deployment, goal)) {
    if (!json && goal !== 'reverted') printLines([successLine(deployment)])
    return 0
  }
  const trouble = troubleOfDeployment(deployment)
  if (!json) {
    printTrouble(trouble, false)
    for (const line of await whatServes(client, deployment.app)) note(line)
  }
  return trouble.exitCode
}

function successLine(deployment: DeploymentJson): string {
  const { startedAt, servingAt, slot, state } = deployment
  const took = startedAt && servingAt ? ` after ${formatDuration(elapsed(startedAt, servingAt))}` : ''
  const verb = state === 'live' ? 'is live' : 'serves'
  return `${paint('green', '✔')} ${deploymentLabel(deployment)} ${verb}${slot ? ` from ${slot}` : ''}${took}`
}

function troubleOfDeployment(deployment: DeploymentJson): Trouble {
  const { failure, state } = deployment
  const superseded = failure?.code === 'deployment.superseded'
  const code = failure?.code ?? (state === 'canceled' ? 'deployment.canceled' : 'bake.unhealthy')
  const known = Object.entries(errorCatalogue).find(([name]) => name === code)?.[1]
  const words = state === 'canceled' ? 'was canceled' : state === 'failed' ? 'failed' : 'was rolled back'
  const where = failure && !superseded ? ` in ${failure.phase}` : ''
  const title = known && state !== 'canceled' ? `: ${known.title}` : ''
  return {
    code,
    detail: `${deploymentLabel(deployment)} ${words}${where}${title}${failure ? `\n${failure.message}` : ''}`,
    mend: known?.mend ?? null,
    exitCode: state === 'canceled' ? 5 : 1,
  }
}

/** The old release goes on; said plainly, for that is what a person asks first. */
async function whatServes(client: Client, name: string): Promise<string[]> {
  try {
    const { live } = await client.getApp({ params: { app: name } })
    return live ? [`  ${paint('green', `${releaseLabel(live)} still serves`, process.stderr)}`] : []
  } catch {
    return []
  }
}
