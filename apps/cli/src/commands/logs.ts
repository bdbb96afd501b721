import type { AppJson, Client, LogLineJson } from '@tagship/api'
import type { Command } from 'commander'
import { command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { notFound, usageError } from '../errors.ts'
import { note, printJson } from '../output/print.ts'
import { paint } from '../output/text.ts'

interface Flags extends JsonFlag {
  readonly build?: boolean
  readonly process?: string
  readonly deployment?: string
  readonly follow?: boolean
  readonly lines: number
}

export function logsCommand(): Command {
  return withJson(command('logs', 'what the live deployment writes, or how one was built'))
    .argument('<app>', 'the app')
    .option('--build', 'the log of the build')
    .option('--process <name>', 'only this process')
    .option('--deployment <id>', 'of this deployment: its id, or its number')
    .option('-f, --follow', 'go on as lines come')
    .option('-n, --lines <n>', 'only the last so many lines of instances', count, 200)
    .action(exitWith(logs))
}

async function logs(name: string, flags: Flags): Promise<number> {
  if (flags.build && flags.process) throw usageError('a build has no processes: give --build or --process')
  if (flags.follow && flags.json)
    throw usageError('--follow never ends, so that it cannot print one JSON document')
  const client = await connect()
  const app = await client.getApp({ params: { app: name } })
  const id = await chooseDeployment(client, app, flags)
  const query = {
    source: flags.build ? ('build' as const) : ('instance' as const),
    ...(flags.process ? { process: flags.process } : {}),
    ...(flags.build ? {} : { tail: flags.lines }),
  }
  if (flags.follow) {
    for await (const line of await client.follow.readLogs({ params: { id }, query })) printLine(line)
    return 0
  }
  const lines = await readAll(client, id, query)
  if (flags.json) printJson(lines)
  else if (lines.length === 0) note('there are no lines')
  else lines.forEach(printLine)
  return 0
}

type Query = NonNullable<Parameters<Client['readLogs']>[0]['query']>

async function readAll(client: Client, id: string, query: Query): Promise<LogLineJson[]> {
  const lines: LogLineJson[] = []
  let after: string | null = null
  do {
    const page = await client.readLogs({
      params: { id },
      query: { ...query, ...(after === null ? {} : { after }) },
    })
    lines.push(...page.items)
    after = page.next
  } while (after !== null)
  return lines
}

/** For a build: what is under way, else the newest. For instances: what serves, else what is under way. */
async function chooseDeployment(client: Client, app: AppJson, flags: Flags): Promise<string> {
  if (flags.deployment !== undefined) return deploymentId(client, app, flags.deployment)
  const underWay = app.active?.id ?? app.queued?.id
  const wanted = flags.build ? underWay : (app.live?.deployment ?? underWay)
  if (wanted) return wanted
  const { items } = await client.listDeployments({ params: { app: app.name }, query: { limit: 1 } })
  const newest = items[0]
  if (!newest)
    throw notFound(`${app.name} has no deployments yet`, `Make the first: tagship deploy ${app.name}.`)
  return newest.id
}

async function deploymentId(client: Client, app: AppJson, given: string): Promise<string> {
  if (!/^\d{1,9}$/.test(given)) return given
  const number = Number(given)
  let cursor: string | null = null
  do {
    const page = await client.listDeployments({
      params: { app: app.name },
      query: { limit: 200, ...(cursor === null ? {} : { cursor }) },
    })
    const found = page.items.find((deployment) => deployment.number === number)
    if (found) return found.id
    cursor = page.next
  } while (cursor !== null)
  throw notFound(
    `${app.name} has no deployment ${number}`,
    `List what there is: tagship deployments ${app.name}.`,
  )
}

function printLine({ process: name, text }: LogLineJson): void {
  const prefix = name === null ? '' : `${paint('dim', `${name} │`)} `
  process.stdout.write(`${prefix}${text}\n`)
}
