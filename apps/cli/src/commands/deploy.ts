import type { Command } from 'commander'
import { command, exitWith, type WaitFlags, waitSignal, withReason, withWait } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { deploymentLabel } from '../output/names.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { paint } from '../output/text.ts'
import { reportOutcome, waitFor } from '../wait.ts'

interface Flags extends WaitFlags {
  readonly commit?: string
  readonly reason?: string
}

export function deployCommand(): Command {
  return withReason(
    withWait(command('deploy', 'deploy a tag now (default: the one that the policy chooses)')),
  )
    .argument('<app>', 'the app')
    .argument('[tag]', 'the tag')
    .option('--commit <sha>', 'deploy a commit, by its full SHA, instead of a tag')
    .action(exitWith(deploy))
}

async function deploy(app: string, tag: string | undefined, flags: Flags): Promise<number> {
  if (tag !== undefined && flags.commit !== undefined) throw usageError('give a tag or --commit, not both')
  const client = await connect()
  const { commit, reason } = flags
  const deployment = await client.deploy({
    params: { app },
    body: {
      ...(tag === undefined ? {} : { tag }),
      ...(commit ? { commit } : {}),
      ...(reason ? { reason } : {}),
    },
  })
  if (!flags.json)
    for (const warning of deployment.warnings) note(paint('yellow', `! ${warning}`, process.stderr))
  if (flags.detach) {
    if (flags.json) printJson(deployment)
    else
      printLines([
        `${deploymentLabel(deployment)} is queued; tagship status ${app} --watch shows how it goes`,
      ])
    return 0
  }
  const goal = flags.wait ?? 'serving'
  const latest = await waitFor(client, deployment, goal, waitSignal(flags))
  const document = { ...latest, warnings: deployment.warnings }
  return reportOutcome(client, latest, goal, flags.json ?? false, document)
}
