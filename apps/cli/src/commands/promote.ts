import type { Command } from 'commander'
import { command, exitWith, type WaitFlags, waitSignal, withWait } from '../command.ts'
import { connect } from '../config.ts'
import { deploymentLabel } from '../output/names.ts'
import { printJson, printLines } from '../output/print.ts'
import { reportOutcome, waitFor } from '../wait.ts'
import { deploymentUnderWay } from './under-way.ts'

export function promoteCommand(): Command {
  return withWait(command('promote', 'let a deployment that waits for it go on to the switch'))
    .argument('<app>', 'the app')
    .action(exitWith(promote))
}

async function promote(app: string, flags: WaitFlags): Promise<number> {
  const client = await connect()
  const { id } = await deploymentUnderWay(client, app)
  const deployment = await client.promote({ params: { id } })
  if (flags.detach) {
    if (flags.json) printJson(deployment)
    else printLines([`${deploymentLabel(deployment)} is promoted`])
    return 0
  }
  const goal = flags.wait ?? 'serving'
  return reportOutcome(
    client,
    await waitFor(client, deployment, goal, waitSignal(flags)),
    goal,
    flags.json ?? false,
  )
}
