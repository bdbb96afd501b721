import type { AppJson } from '@tagship/api'
import type { Command } from 'commander'
import { collect, command, exitWith, type JsonFlag, keyValues, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { CliError, usageError } from '../errors.ts'
import { describeApp } from '../output/app.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { renderTable } from '../output/table.ts'
import { summarizeTrial } from '../output/tags.ts'
import { confirm } from '../prompt.ts'
import { take } from './lists.ts'
import { type PolicyFlags, policyOf, withPolicy } from './policy-flags.ts'
import { credentialCommand } from './source/credential.ts'
import { hostKeysCommand } from './source/host-keys.ts'
import { signerCommand } from './source/signer.ts'
import { webhookCommand } from './source/webhook.ts'

export function appCommand(): Command {
  return command('app', 'add, list, show, set and remove apps, and say how their repositories are reached')
    .addCommand(addCommand())
    .addCommand(withJson(command('list', 'every app')).action(exitWith(list)))
    .addCommand(withJson(command('show', 'an app')).argument('<name>').action(exitWith(show)))
    .addCommand(setCommand())
    .addCommand(
      withJson(command('remove', 'remove an app and its instances; its history stays'))
        .argument('<name>')
        .option('--yes', 'do not ask')
        .action(exitWith(remove)),
    )
    .addCommand(credentialCommand())
    .addCommand(hostKeysCommand())
    .addCommand(signerCommand())
    .addCommand(webhookCommand())
}

function addCommand(): Command {
  const made = withJson(command('add', 'add an app; without --repo, Tagship hosts the repository itself'))
    .argument('<name>', 'a-z, 0-9 and -, starting with a letter')
    .option('--repo <url>', 'https://, ssh://, git@host:path or file:// URL of the repository')
    .option('--host <host>', 'host name that reaches it; may be given several times', collect)
    .option('--root <folder>', 'its folder in a repository of several apps')
    .option('--from-next', 'deploy none of the tags that are there, but what comes after them')
    .option('--build-arg <name=value>', 'build arg; may be given several times', collect)
    .option('--runtime <name>', 'docker or kubernetes')
    .option('--cluster <context>', 'context of the kubeconfig; default: the current one')
    .option('--namespace <name>', 'namespace that is there; default: one of its own')
  return withPolicy(made).action(exitWith(add))
}

function setCommand(): Command {
  const made = withJson(command('set', 'change an app; what is not named stays'))
    .argument('<name>')
    .option('--repo <url>', 'URL of the repository')
    .option('--host <host>', 'add a host name; may be given several times', collect)
    .option('--remove-host <host>', 'take a host name away; may be given several times', collect)
    .option('--root <folder>', 'its folder in a repository of several apps; "" is all of it')
    .option('--build-arg <name=value>', 'set a build arg; may be given several times', collect)
    .option('--remove-build-arg <name>', 'take a build arg away; may be given several times', collect)
    .option('--runtime <name>', 'docker or kubernetes: what serves moves there')
    .option('--cluster <context>', 'context of the kubeconfig')
    .option('--namespace <name>', 'namespace that is there')
  return withPolicy(made).action(exitWith(set))
}

interface Settings extends JsonFlag, PolicyFlags {
  readonly repo?: string
  readonly host?: string[]
  readonly removeHost?: string[]
  readonly root?: string
  readonly fromNext?: boolean
  readonly buildArg?: string[]
  readonly removeBuildArg?: string[]
  readonly runtime?: string
  readonly cluster?: string
  readonly namespace?: string
}

async function add(name: string, flags: Settings): Promise<number> {
  const { repo, host, root, fromNext, buildArg } = flags
  const policy = policyOf(flags)
  const place = placeOf(flags)
  const client = await connect()
  const app = await client.addApp({
    body: {
      name,
      ...(repo ? { repo } : {}),
      ...(host ? { hosts: host } : {}),
      ...(policy ? { policy } : {}),
      ...(root ? { root } : {}),
      ...(fromNext ? { fromNext } : {}),
      ...(buildArg ? { buildArgs: keyValues(buildArg, '--build-arg') } : {}),
      ...place,
    },
  })
  return print(app, flags, [...describeApp(app), ...nextStep(app)])
}

function placeOf({ runtime, cluster, namespace }: Settings) {
  if (runtime !== undefined && runtime !== 'docker' && runtime !== 'kubernetes')
    throw usageError(`--runtime takes docker or kubernetes, not "${runtime}"`)
  const named: { runtime?: 'docker' | 'kubernetes' } = runtime ? { runtime } : {}
  return {
    ...named,
    ...(cluster ? { cluster } : {}),
    ...(namespace ? { namespace } : {}),
  }
}

/** What a newcomer does now. */
function nextStep(app: AppJson): string[] {
  if (app.pushUrl === null) return ['', `Push a tag, or deploy one that is there: tagship deploy ${app.name}`]
  return [
    '',
    'Push a tag to deploy it (any user name; the password is your token):',
    `  git remote add tagship ${app.pushUrl}`,
    '  git tag v1.0.0 && git push tagship v1.0.0',
  ]
}

async function set(name: string, flags: Settings): Promise<number> {
  const { repo, host, removeHost, root, buildArg, removeBuildArg } = flags
  const policy = policyOf(flags)
  const place = placeOf(flags)
  const buildArgs = {
    ...keyValues(buildArg ?? [], '--build-arg'),
    ...Object.fromEntries((removeBuildArg ?? []).map((arg) => [arg, null])),
  }
  const body = {
    ...(repo ? { repo } : {}),
    ...(host ? { addHosts: host } : {}),
    ...(removeHost ? { removeHosts: removeHost } : {}),
    ...(policy ? { policy } : {}),
    ...(root === undefined ? {} : { root }),
    ...(Object.keys(buildArgs).length > 0 ? { buildArgs } : {}),
    ...place,
  }
  if (Object.keys(body).length === 0)
    throw usageError('nothing to change was named', 'See tagship app set --help.')
  const client = await connect()
  const app = await client.changeApp({ params: { app: name }, body })
  const lines = app.trial ? ['', ...summarizeTrial(app.trial, app.name)] : []
  return print(app, flags, [...describeApp(app), ...lines])
}

async function list(flags: JsonFlag): Promise<number> {
  const client = await connect()
  const apps = await take(10_000, (query) => client.listApps({ query }))
  if (flags.json) printJson(apps)
  else if (apps.length === 0) note('there are no apps yet; tagship app add NAME makes the first')
  else {
    const rows = apps.map((app) => [
      app.name,
      app.live?.tag ?? app.live?.release ?? '–',
      app.tags,
      app.hosts.join(' '),
      app.repo ?? 'hosted here',
    ])
    const columns = [
      { header: 'APP' },
      { header: 'LIVE', give: 1 },
      { header: 'TAGS' },
      { header: 'HOSTS', give: 2 },
      { header: 'REPOSITORY', give: 3 },
    ]
    printLines(renderTable(columns, rows, terminalWidth()))
  }
  return 0
}

async function show(name: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const app = await client.getApp({ params: { app: name } })
  return print(app, flags, describeApp(app))
}

async function remove(name: string, flags: JsonFlag & { readonly yes?: boolean }): Promise<number> {
  const question = `Remove ${name}? Its instances end at once, and its hosts answer no more.`
  if (!(await confirm(question, flags.yes ?? false))) {
    throw new CliError({ code: 'canceled', detail: 'nothing was removed', mend: null, exitCode: 5 })
  }
  const client = await connect()
  await client.removeApp({ params: { app: name } })
  if (flags.json) printJson({ removed: name })
  else printLines([`${name} is removed; tagship audit ${name} still tells its history`])
  return 0
}

function print(app: AppJson, flags: JsonFlag, lines: readonly string[]): number {
  if (flags.json) printJson(app)
  else printLines(lines)
  return 0
}
