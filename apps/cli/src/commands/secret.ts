import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { notLiveLines, secretColumns, secretRow } from '../output/config.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { renderTable } from '../output/table.ts'
import { askSecret, readSecretFile } from '../prompt.ts'
import { type ChangeFlags, reportChange, withChange } from './config-change.ts'

export function secretCommand(): Command {
  return command('secret', 'list, set and unset secrets of an app; each change is a new release')
    .addCommand(
      withJson(command('list', 'names and versions; values are never shown'))
        .argument('<app>', 'the app')
        .action(exitWith(list)),
    )
    .addCommand(
      withChange(command('set', 'set a secret; its value is read from stdin, or asked for'))
        .argument('<app>', 'the app')
        .argument('<name>', 'such as DATABASE_URL; never with the value')
        .option('--from-file <path>', 'read the value from a file, byte for byte')
        .action(exitWith(set)),
    )
    .addCommand(
      withChange(command('unset', 'take secrets away; all that are given are one change'))
        .argument('<app>', 'the app')
        .argument('<name...>', 'such as DATABASE_URL')
        .action(exitWith(unset)),
    )
}

async function list(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const secrets = await client.listSecrets({ params: { app } })
  const { items, live } = secrets
  if (flags.json) printJson(secrets)
  else if (items.length === 0) note(`${app} has no secrets; tagship secret set ${app} NAME`)
  else
    printLines(
      renderTable(
        secretColumns,
        items.map((item) => secretRow(item, live)),
        terminalWidth(),
      ),
    )
  if (!flags.json) for (const line of notLiveLines(app, secrets)) note(line)
  return 0
}

async function set(app: string, name: string, flags: ChangeFlags & { fromFile?: string }): Promise<number> {
  if (name.includes('=')) {
    throw usageError(
      'a secret is not given on the command line, where others can see it',
      `Pipe it in, or let it be asked for: tagship secret set ${app} ${name.split('=')[0]}`,
    )
  }
  const value = flags.fromFile
    ? await readSecretFile(flags.fromFile)
    : await askSecret(`Value of ${name} for ${app} (not shown): `)
  return change(app, { [name]: value }, flags)
}

async function unset(app: string, names: string[], flags: ChangeFlags): Promise<number> {
  return change(app, Object.fromEntries(names.map((name) => [name, null])), flags)
}

async function change(
  app: string,
  secrets: Record<string, string | null>,
  flags: ChangeFlags,
): Promise<number> {
  const client = await connect()
  const { deploy, reason } = flags
  const outcome = await client.changeSecrets({
    params: { app },
    body: { secrets, deploy, ...(reason ? { reason } : {}) },
  })
  return reportChange(client, app, Object.keys(secrets), outcome, flags)
}
