import { createClient } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect, findTarget, writeConfig } from '../config.ts'
import { usageError } from '../errors.ts'
import { printJson, printLines } from '../output/print.ts'
import { ask } from '../prompt.ts'

export function loginCommand(): Command {
  return withJson(
    command('login', 'remember a controller and a token; the token is asked for, or read from stdin'),
  )
    .argument('[url]', 'address of the controller')
    .option('--setup-link', 'print a link that makes the first admin, with the token that is remembered')
    .action(exitWith(login))
}

/** The token is tried before it is kept. */
async function login(given: string | undefined, flags: JsonFlag & { setupLink?: boolean }): Promise<number> {
  if (flags.setupLink) return printSetUpLink(flags)
  const url = (given ?? (await findTarget()).url).replace(/\/+$/, '')
  const protocol = URL.parse(url)?.protocol
  if (protocol !== 'http:' && protocol !== 'https:') throw usageError(`"${url}" is not an http(s) address`)
  const token = (await ask(`Token for ${url}: `)).trim()
  if (token === '') throw usageError('no token was given')
  await createClient({ url, token }).listApps({ query: { limit: 1 } })
  const path = await writeConfig({ url, token, installation: null })
  if (flags.json) printJson({ url, config: path })
  else printLines([`logged in at ${url}; kept in ${path}`])
  return 0
}

/** While there is no user yet, whoever has an admin token may become the first. */
async function printSetUpLink(flags: JsonFlag): Promise<number> {
  const client = await connect()
  const made = await client.createSetUpLink()
  if (flags.json) printJson(made)
  else
    printLines([
      made.link ?? 'the link was shown already',
      `It makes the first admin, once, until ${made.expiresAt}.`,
    ])
  return 0
}
