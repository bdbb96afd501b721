import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../../command.ts'
import { connect } from '../../config.ts'
import { usageError } from '../../errors.ts'
import { note, printJson, printLines, terminalWidth } from '../../output/print.ts'
import { signerColumns, signerRow } from '../../output/source.ts'
import { renderTable } from '../../output/table.ts'
import { askSecret } from '../../prompt.ts'

export function signerCommand(): Command {
  return command('signer', 'whose signatures on tags and commits count')
    .addCommand(
      withJson(command('add', 'let the signatures of a key count; the public key is read from stdin'))
        .argument('<app>', 'the app')
        .option('--name <name>', 'what people call it; default: what the key says')
        .action(exitWith(add)),
    )
    .addCommand(withJson(command('list', 'every signer')).argument('<app>', 'the app').action(exitWith(list)))
    .addCommand(
      withJson(command('remove', 'let its signatures count no more'))
        .argument('<app>', 'the app')
        .argument('<fingerprint>', 'as tagship app signer list shows it')
        .action(exitWith(remove)),
    )
}

async function add(app: string, flags: JsonFlag & { readonly name?: string }): Promise<number> {
  if (process.stdin.isTTY) {
    throw usageError(
      'the public key is read from stdin',
      `gpg --armor --export KEYID | tagship app signer add ${app}, or: … < id_ed25519.pub`,
    )
  }
  const key = await askSecret('')
  const client = await connect()
  const signer = await client.addSigner({
    params: { app },
    body: { key, ...(flags.name ? { name: flags.name } : {}) },
  })
  if (flags.json) printJson(signer)
  else printLines([`${app}: signatures of ${signer.name} count (${signer.kind} ${signer.fingerprint})`])
  return 0
}

async function list(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const { signers } = await client.getSource({ params: { app } })
  if (flags.json) printJson(signers)
  else if (signers.length === 0) note(`${app} has no signers; tagship app signer add ${app} < KEY`)
  else printLines(renderTable(signerColumns, signers.map(signerRow), terminalWidth()))
  return 0
}

async function remove(app: string, fingerprint: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  await client.removeSigner({ params: { app, fingerprint } })
  if (flags.json) printJson({ removed: fingerprint })
  else printLines([`${app}: signatures of ${fingerprint} count no more`])
  return 0
}
