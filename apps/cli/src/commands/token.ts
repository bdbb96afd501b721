import type { TokenJson } from '@tagship/api'
import { parseDuration } from '@tagship/domain/units'
import type { Command } from 'commander'
import { collect, command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, type Column, renderTable } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { roleOf } from './user.ts'

export function tokenCommand(): Command {
  return command('token', 'create, list and revoke tokens')
    .addCommand(
      withJson(command('create', 'make a token; it is shown this once'))
        .argument('<name>', 'what it is for, such as ci; the history knows it by this name')
        .requiredOption('--role <role>', 'viewer, deployer or admin')
        .option('--app <name>', 'only for this app; may be given several times', collect)
        .option('--expires <duration>', 'such as 12h or 90d; without it, it is good until it is revoked')
        .action(exitWith(create)),
    )
    .addCommand(withJson(command('list', 'the tokens that you may see')).action(exitWith(list)))
    .addCommand(
      withJson(command('revoke', 'let a token be good for nothing any more'))
        .argument('<name>')
        .action(exitWith(revoke)),
    )
}

interface Wish extends JsonFlag {
  readonly role: string
  readonly app?: string[]
  readonly expires?: string
}

async function create(name: string, { role: text, app, expires, json }: Wish): Promise<number> {
  const role = roleOf(text, '--role')
  if (!role) throw usageError('a token needs a role: viewer, deployer or admin')
  const client = await connect()
  const made = await client.createToken({
    body: { name, role, apps: app ?? null, expiresAt: expires === undefined ? null : expiryOf(expires) },
  })
  if (json) printJson(made)
  else {
    printLines([made.secret ?? 'the token was shown already'])
    note('It is shown this once. Keep it as a secret; revoke it when it is not needed any more.')
  }
  return 0
}

/** @throws usage */
function expiryOf(text: string): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1]
  const ms = days === undefined ? parseDuration(text) : Number(days) * 86_400_000
  if (!ms) throw usageError(`--expires takes a duration such as 12h or 90d, not "${text}"`)
  return new Date(Date.now() + ms).toISOString()
}

const columns: readonly Column[] = [
  { header: 'NAME', give: 1 },
  { header: 'ROLE' },
  { header: 'APPS', give: 2 },
  { header: 'OWNER', give: 3 },
  { header: 'MADE' },
  { header: 'USED' },
  { header: 'EXPIRES' },
]

async function list({ json }: JsonFlag): Promise<number> {
  const tokens = await (await connect()).listTokens()
  if (json) printJson(tokens)
  else printLines(renderTable(columns, tokens.items.map(row), terminalWidth()))
  return 0
}

function row({ name, role, apps, owner, createdAt, lastUsedAt, expiresAt }: TokenJson): Cell[] {
  const expired = expiresAt !== null && Date.parse(expiresAt) < Date.now()
  const expiry: Cell = expired ? { text: 'expired', style: 'red' } : (expiresAt?.slice(0, 10) ?? 'never')
  return [name, role, apps?.join(' ') ?? 'all', owner ?? '–', ago(createdAt), ago(lastUsedAt), expiry]
}

async function revoke(name: string, { json }: JsonFlag): Promise<number> {
  await (await connect()).revokeToken({ params: { token: name } })
  if (json) printJson({ name, revoked: true })
  else printLines([`${name} is revoked`])
  return 0
}
