import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../../command.ts'
import { connect } from '../../config.ts'
import { usageError } from '../../errors.ts'
import { note, printJson, printLines } from '../../output/print.ts'
import { askSecret } from '../../prompt.ts'

export function hostKeysCommand(): Command {
  return command('host-keys', 'the SSH host keys that are accepted for the repository of an app')
    .addCommand(
      withJson(command('set', 'accept only these: lines of known_hosts, on stdin'))
        .argument('<app>', 'the app')
        .action(exitWith(set)),
    )
    .addCommand(
      withJson(command('show', 'which they are')).argument('<app>', 'the app').action(exitWith(show)),
    )
    .addCommand(
      withJson(command('remove', 'accept what a server shows the first time'))
        .argument('<app>', 'the app')
        .action(exitWith(remove)),
    )
}

async function set(app: string, flags: JsonFlag): Promise<number> {
  if (process.stdin.isTTY) throw usageError('the keys are read from stdin: ssh-keyscan HOST | …')
  return change(app, await askSecret(''), flags)
}

async function remove(app: string, flags: JsonFlag): Promise<number> {
  return change(app, null, flags)
}

async function change(app: string, knownHosts: string | null, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const source = await client.setHostKeys({ params: { app }, body: { knownHosts } })
  return print(app, source.knownHosts, flags)
}

async function show(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  return print(app, (await client.getSource({ params: { app } })).knownHosts, flags)
}

function print(app: string, knownHosts: string | null, flags: JsonFlag): number {
  if (flags.json) printJson({ knownHosts })
  else if (knownHosts === null)
    note(`${app}: a server's key is accepted the first time, and no other afterwards`)
  else printLines(knownHosts.split('\n'))
  return 0
}
