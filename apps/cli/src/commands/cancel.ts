import type { Command } from 'commander'
import { command, exitWith, type WaitFlags, waitSignal, withWait } from '../command.ts'
import { connect } from '../config.ts'
import { deploymentLabel, stateWords } from '../output/names.ts'
import { printJson, printLines } from '../output/print.ts'
import { waitFor } from '../wait.ts'
import { deploymentUnderWay } from './under-way.ts'

export function cancelCommand(): Command {
  return withWait(command('cancel', 'stop a deployment that has not taken traffic'))
    .argument('<app>', 'the app')
    .action(exitWith(cancel))
}

/** Done well (0) when it is canceled; 1 where it came to another end first. */
async function cancel(app: string, flags: WaitFlags): Promise<number> {
  const client = await connect()
  const { id } = await deploymentUnderWay(client, app)
  const asked = await client.cancel({ params: { id } })
  const deployment = flags.detach ? asked : await waitFor(client, asked, 'settled', waitSignal(flags))
  if (flags.json) printJson(deployment)
  else printLines([`${deploymentLabel(deployment)}: ${stateWords(deployment.state)}`])
  return flags.detach || deployment.state === 'canceled' ? 0 : 1
}
