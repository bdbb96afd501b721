import { type Role, roles, type UserJson, type UserLinkJson } from '@tagship/api'
import type { Command } from 'commander'
import { collect, command, exitWith, type JsonFlag, keyValues, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, type Column, renderTable } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { confirm } from '../prompt.ts'

export function userCommand(): Command {
  return command('user', 'list, invite, change, reset and remove users')
    .addCommand(withJson(command('list', 'every user')).action(exitWith(list)))
    .addCommand(
      withRights(command('invite', 'make a user, and a one-time link to choose a password'))
        .argument('<name>', 'a-z, 0-9 and . _ -; the history knows the user by it')
        .option('--email <address>', 'also to sign in with an OpenID provider')
        .action(exitWith(invite)),
    )
    .addCommand(
      withRights(command('set', 'change a user; what is not named stays'))
        .argument('<name>')
        .option('--email <address>', 'another address')
        .option('--disable', 'let the user do nothing any more')
        .option('--enable', 'undo --disable')
        .action(exitWith(set)),
    )
    .addCommand(
      withJson(
        command('reset', 'a one-time link to choose a new password; second factors go when it is used'),
      )
        .argument('<name>')
        .action(exitWith(reset)),
    )
    .addCommand(
      withJson(command('remove', 'remove a user; their sessions and tokens end'))
        .argument('<name>')
        .option('--yes', 'do not ask')
        .action(exitWith(remove)),
    )
}

function withRights(made: Command): Command {
  return withJson(made)
    .option('--role <role>', 'viewer, deployer or admin of the whole installation; none: of single apps only')
    .option('--app <name=role>', 'a role for one app, or none; may be given several times', collect)
}

interface Rights extends JsonFlag {
  readonly role?: string
  readonly app?: string[]
  readonly email?: string
}

async function list(flags: JsonFlag): Promise<number> {
  const users = await (await connect()).listUsers()
  if (flags.json) printJson(users)
  else if (users.items.length === 0) note('there are no users yet; tagship login --setup-link')
  else printLines(renderTable(columns, users.items.map(row), terminalWidth()))
  return 0
}

const columns: readonly Column[] = [
  { header: 'NAME', give: 1 },
  { header: 'ROLE' },
  { header: 'APPS', give: 3 },
  { header: 'STATE' },
  { header: 'FACTORS' },
  { header: 'SEEN' },
  { header: 'EMAIL', give: 2 },
]

function row(user: UserJson): Cell[] {
  const apps = user.apps.map(({ app, role }) => `${app}=${role}`).join(' ')
  const factors = [user.twoFactor ? 'code' : '', user.passkeys > 0 ? `${user.passkeys} passkeys` : '']
  return [
    user.name,
    user.role ?? '–',
    apps || '–',
    user.state,
    factors.filter((text) => text !== '').join(', ') || '–',
    ago(user.lastSeenAt),
    user.email ?? '–',
  ]
}

async function invite(name: string, flags: Rights): Promise<number> {
  const { role, apps } = rightsOf(flags)
  const given = Object.entries(apps).flatMap(([app, one]) => (one ? [[app, one] as const] : []))
  if (!role && given.length === 0) throw usageError('give --role ROLE, or --app NAME=ROLE, or both')
  const client = await connect()
  const { email } = flags
  const made = await client.inviteUser({
    body: { name, role: role ?? null, apps: Object.fromEntries(given), ...(email ? { email } : {}) },
  })
  return reportLink(made, flags)
}

async function set(name: string, flags: Rights & { disable?: boolean; enable?: boolean }): Promise<number> {
  const { role, apps } = rightsOf(flags)
  if (flags.disable && flags.enable) throw usageError('--disable and --enable are opposites')
  const { email, disable, enable } = flags
  const client = await connect()
  const user = await client.changeUser({
    params: { user: name },
    body: {
      ...(role === undefined ? {} : { role }),
      ...(flags.app ? { apps } : {}),
      ...(email ? { email } : {}),
      ...(disable || enable ? { disabled: disable === true } : {}),
    },
  })
  if (flags.json) printJson(user)
  else printLines(renderTable(columns, [row(user)], terminalWidth()))
  return 0
}

async function reset(name: string, flags: JsonFlag): Promise<number> {
  return reportLink(await (await connect()).createUserLink({ params: { user: name } }), flags)
}

async function remove(name: string, flags: JsonFlag & { yes?: boolean }): Promise<number> {
  if (!(await confirm(`Remove the user ${name}?`, flags.yes ?? false))) return 1
  await (await connect()).removeUser({ params: { user: name } })
  if (flags.json) printJson({ name, removed: true })
  else printLines([`${name} is removed`])
  return 0
}

function reportLink(made: UserLinkJson, flags: JsonFlag): number {
  if (flags.json) printJson(made)
  else {
    printLines([made.link ?? 'the link was shown already'])
    note(`Give it to ${made.user.name}, and to nobody else. It works once, until ${made.expiresAt}.`)
  }
  return 0
}

/** `none` takes a role away. @throws usage */
function rightsOf({ role, app = [] }: Rights) {
  const apps = Object.entries(keyValues(app, '--app')).map(([name, text]) => [name, roleOf(text, '--app')])
  return {
    role: role === undefined ? undefined : roleOf(role, '--role'),
    apps: Object.fromEntries(apps) as Record<string, Role | null>,
  }
}

export function roleOf(text: string, flag: string): Role | null {
  if (text === 'none') return null
  const role = roles.find((known) => known === text)
  if (!role) throw usageError(`${flag} takes viewer, deployer, admin or none, not "${text}"`)
  return role
}
