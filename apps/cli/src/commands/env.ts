import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, keyValues, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { envColumns, envRow, notLiveLines } from '../output/config.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { renderTable } from '../output/table.ts'
import { type ChangeFlags, reportChange, withChange } from './config-change.ts'

export function envCommand(): Command {
  return command('env', 'list, set and unset env values of an app; each change is a new release')
    .addCommand(
      withJson(command('list', 'what is set, and what runs'))
        .argument('<app>', 'the app')
        .action(exitWith(list)),
    )
    .addCommand(
      withChange(command('set', 'set env values; all that are given are one change'))
        .argument('<app>', 'the app')
        .argument('<name=value...>', 'such as GREETING=hello')
        .action(exitWith(set)),
    )
    .addCommand(
      withChange(command('unset', 'take env values away; all that are given are one change'))
        .argument('<app>', 'the app')
        .argument('<name...>', 'such as GREETING')
        .action(exitWith(unset)),
    )
}

async function list(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const env = await client.listEnv({ params: { app } })
  if (flags.json) printJson(env)
  else if (env.items.length === 0) note(`${app} has no env values; tagship env set ${app} NAME=VALUE`)
  else
    printLines(
      renderTable(
        envColumns,
        env.items.map((item) => envRow(item, env.live)),
        terminalWidth(),
      ),
    )
  if (!flags.json) for (const line of notLiveLines(app, env)) note(line)
  return 0
}

async function set(app: string, pairs: string[], flags: ChangeFlags): Promise<number> {
  return change(app, keyValues(pairs, 'env set'), flags)
}

async function unset(app: string, names: string[], flags: ChangeFlags): Promise<number> {
  return change(app, Object.fromEntries(names.map((name) => [name, null])), flags)
}

async function change(app: string, env: Record<string, string | null>, flags: ChangeFlags): Promise<number> {
  const client = await connect()
  const { deploy, reason } = flags
  const outcome = await client.changeEnv({
    params: { app },
    body: { env, deploy, ...(reason ? { reason } : {}) },
  })
  return reportChange(client, app, Object.keys(env), outcome, flags)
}
