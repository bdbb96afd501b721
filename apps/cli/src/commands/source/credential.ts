import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../../command.ts'
import { connect } from '../../config.ts'
import { usageError } from '../../errors.ts'
import { printJson, printLines } from '../../output/print.ts'
import { describeCredential } from '../../output/source.ts'
import { askSecret } from '../../prompt.ts'

export function credentialCommand(): Command {
  return command('credential', 'what the repository of an app is read with')
    .addCommand(
      withJson(command('set', 'set it; token or private key are read from stdin, or asked for'))
        .argument('<app>', 'the app')
        .option('--token', 'an access token, for https:// repositories')
        .option('--user <name>', 'the user name that goes with the token, where the server minds')
        .option('--ssh-key', 'a private key without passphrase, for ssh:// repositories')
        .option('--github-app <id>', 'the private key of this GitHub App')
        .option('--installation <number>', 'the GitHub App’s installation')
        .option('--api-url <url>', 'of a GitHub Enterprise Server, such as https://HOST/api/v3')
        .action(exitWith(set)),
    )
    .addCommand(
      withJson(command('show', 'what kind it is')).argument('<app>', 'the app').action(exitWith(show)),
    )
    .addCommand(
      withJson(command('remove', 'read the repository without'))
        .argument('<app>', 'the app')
        .action(exitWith(remove)),
    )
}

interface SetFlags extends JsonFlag {
  readonly token?: boolean
  readonly user?: string
  readonly sshKey?: boolean
  readonly githubApp?: string
  readonly installation?: string
  readonly apiUrl?: string
}

async function set(app: string, flags: SetFlags): Promise<number> {
  const credential = await credentialOf(app, flags)
  const client = await connect()
  const source = await client.setCredential({ params: { app }, body: { credential } })
  return print(source.credential, flags, describeCredential(app, source.credential))
}

/** The secret part is asked for, and never stands in an argument. */
async function credentialOf(app: string, flags: SetFlags) {
  const kinds = [flags.token, flags.sshKey, flags.githubApp !== undefined].filter(Boolean)
  if (kinds.length !== 1) throw usageError('give one of --token, --ssh-key and --github-app ID')
  if (flags.token) {
    const token = (await askSecret(`Token for the repository of ${app} (not shown): `)).trim()
    return { kind: 'token' as const, token, ...(flags.user ? { user: flags.user } : {}) }
  }
  if (flags.githubApp === undefined) {
    return { kind: 'sshKey' as const, privateKey: await privateKeyFromStdin() }
  }
  if (!flags.installation) throw usageError('--github-app needs --installation NUMBER')
  return {
    kind: 'githubApp' as const,
    appId: flags.githubApp,
    installationId: flags.installation,
    ...(flags.apiUrl ? { apiUrl: flags.apiUrl } : {}),
    privateKey: await privateKeyFromStdin(),
  }
}

/** It has many lines: nobody types it. */
async function privateKeyFromStdin(): Promise<string> {
  if (process.stdin.isTTY) throw usageError('the private key is read from stdin: … < id_ed25519')
  return askSecret('')
}

async function show(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const { credential } = await client.getSource({ params: { app } })
  return print(credential, flags, describeCredential(app, credential))
}

async function remove(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  await client.removeCredential({ params: { app } })
  return print({ removed: true }, flags, [`${app}: its repository is read without a credential from now on`])
}

function print(document: unknown, flags: JsonFlag, lines: readonly string[]): number {
  if (flags.json) printJson(document)
  else printLines(lines)
  return 0
}
