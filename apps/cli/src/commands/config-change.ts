/** What `env set`, `env unset`, `secret set` and `secret unset` have in common. */
import type { Client, ConfigChangeJson } from '@tagship/api'
import type { Command } from 'commander'
import { type WaitFlags, waitSignal, withReason, withWait } from '../command.ts'
import { deploymentLabel } from '../output/names.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { reportOutcome, waitFor } from '../wait.ts'

export interface ChangeFlags extends WaitFlags {
  readonly reason?: string
  /** `--no-deploy` makes it false. */
  readonly deploy: boolean
}

export function withChange(made: Command): Command {
  return withReason(withWait(made)).option('--no-deploy', 'only store it; the next deployment takes it')
}

/** Waits for the deployment that brings the change live, as `deploy` does. @returns the exit code */
export async function reportChange(
  client: Client,
  app: string,
  names: readonly string[],
  outcome: ConfigChangeJson,
  flags: ChangeFlags,
): Promise<number> {
  const { deployment } = outcome
  const json = flags.json ?? false
  if (!deployment || flags.detach) {
    if (json) printJson(outcome)
    else printLines([`${app}: ${describe(names, outcome)}`])
    return 0
  }
  if (!json) note(`${app}: ${describe(names, outcome)}`)
  const goal = flags.wait ?? 'serving'
  const latest = await waitFor(client, deployment, goal, waitSignal(flags))
  const exitCode = await reportOutcome(client, latest, goal, json, { ...outcome, deployment: latest })
  if (exitCode !== 0 && !json) note(`  the change is stored, but not live: tagship env list ${app}`)
  return exitCode
}

function describe(names: readonly string[], { changed, effect, deployment }: ConfigChangeJson): string {
  const what = changed.length > 0 ? `changed ${changed.join(', ')}` : `${names.join(', ')}: nothing to change`
  if (!deployment) return effect === 'stored' ? `${what}; the next deployment takes it` : what
  const label = deploymentLabel(deployment)
  if (effect === 'deploys') return `${what}; deploying ${label}`
  return `${what}; ${label}, which is under way, brings it live`
}
