import type { DeploymentJson } from '@tagship/api'
import { formatDuration } from '@tagship/domain/units'
import type { Command } from 'commander'
import { command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { shortCommit, stateCell } from '../output/names.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, renderTable } from '../output/table.ts'
import { ago, elapsed } from '../output/time.ts'
import { take } from './lists.ts'

export function deploymentsCommand(): Command {
  return withJson(command('deployments', 'the deployments of an app, newest first'))
    .argument('<app>', 'the app')
    .option('-n, --number <n>', 'how many', count, 20)
    .action(exitWith(deployments))
}

async function deployments(app: string, flags: JsonFlag & { readonly number: number }): Promise<number> {
  const client = await connect()
  const items = await take(flags.number, (query) => client.listDeployments({ params: { app }, query }))
  if (flags.json) printJson(items)
  else if (items.length === 0) note(`${app} has no deployments yet; tagship deploy ${app} makes the first`)
  else printLines(renderTable(columns, items.map(row), terminalWidth()))
  return 0
}

const columns = [
  { header: '#', align: 'right' },
  { header: 'RELEASE' },
  { header: 'TAG', give: 2 },
  { header: 'COMMIT' },
  { header: 'STATE' },
  { header: 'BY', give: 3 },
  { header: 'CREATED' },
  { header: 'TOOK', align: 'right' },
  { header: 'WHY', give: 4 },
] as const

function row(deployment: DeploymentJson): Cell[] {
  const { number, release, tag, commit, state, actor, createdAt, startedAt, reason, failure } = deployment
  const end = deployment.servingAt ?? deployment.finishedAt
  const took = startedAt && end ? formatDuration(elapsed(startedAt, end)) : ''
  const why = failure?.code ?? reason ?? ''
  return [
    String(number),
    release,
    tag ?? '–',
    shortCommit(commit),
    stateCell(state),
    actor,
    ago(createdAt),
    took,
    why,
  ]
}
