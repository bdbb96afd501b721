import type { RollbackJson } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type WaitFlags, waitSignal, withReason, withWait } from '../command.ts'
import { connect } from '../config.ts'
import { releaseLabel } from '../output/names.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { paint } from '../output/text.ts'
import { type Goal, reached, reportOutcome, waitFor } from '../wait.ts'

interface Flags extends WaitFlags {
  readonly reason?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

export function rollbackCommand(): Command {
  return withReason(
    withWait(command('rollback', 'back to the release that was live before, or to the one named')),
  )
    .argument('<app>', 'the app')
    .argument('[target]', 'a release (v12) or a tag')
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'do not ask (a rollback never does)')
    .action(exitWith(rollback))
}

async function rollback(app: string, target: string | undefined, flags: Flags): Promise<number> {
  const client = await connect()
  const { reason, dryRun = false, json = false } = flags
  const answer = await client.rollBack({
    params: { app },
    body: { dryRun, ...(target === undefined ? {} : { to: target }), ...(reason ? { reason } : {}) },
  })
  const { deployment, plan } = answer
  if (!deployment || flags.detach) {
    if (json) printJson(answer)
    else printLines([`${app}: ${describePlan(plan)}${deployment ? '' : ' (dry run: nothing was done)'}`])
    return dryRun && !plan.imagePresent ? 4 : 0
  }
  if (!json) note(`${app}: ${describePlan(plan)}`)
  const goal: Goal = plan.kind === 'revert' ? 'reverted' : (flags.wait ?? 'serving')
  const outcome = await waitFor(client, deployment, goal, waitSignal(flags))
  if (!json && goal === 'reverted' && reached(outcome, goal)) {
    printLines([
      `${paint('green', '✔')} ${app} ${label(plan.to)} serves again; auto-deploy is on hold (tagship resume ${app})`,
    ])
  }
  return reportOutcome(client, outcome, goal, json)
}

function describePlan({ from, to, kind, imagePresent }: RollbackJson['plan']): string {
  const way = kind === 'revert' ? 'the route moves back to its warm slot' : 'its image boots again'
  const image = imagePresent ? way : 'its image is gone'
  return `${from ? `${label(from)} → ` : ''}${label(to)}: ${image}`
}

function label({ name, tag, commit }: RollbackJson['plan']['to']): string {
  return releaseLabel({ release: name, tag, commit })
}
