import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson, withReason } from '../command.ts'
import { connect } from '../config.ts'
import { printJson, printLines } from '../output/print.ts'

export function holdCommand(): Command {
  return withReason(withJson(command('hold', 'pause auto-deploy')))
    .argument('<app>', 'the app')
    .action(exitWith(hold))
}

export function resumeCommand(): Command {
  return withJson(command('resume', 'resume auto-deploy'))
    .argument('<app>', 'the app')
    .action(exitWith(resume))
}

async function hold(app: string, flags: JsonFlag & { readonly reason?: string }): Promise<number> {
  const client = await connect()
  const changed = await client.hold({ params: { app }, body: flags.reason ? { reason: flags.reason } : {} })
  if (flags.json) printJson(changed)
  else printLines([`${app} is on hold: new tags wait until tagship resume ${app}`])
  return 0
}

async function resume(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const changed = await client.resume({ params: { app } })
  if (flags.json) printJson(changed)
  else printLines([`${app} is deployed by its tags again`])
  return 0
}
