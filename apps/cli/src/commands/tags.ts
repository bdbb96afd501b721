import type { TagJson } from '@tagship/api'
import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { shortCommit } from '../output/names.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, renderTable } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { take } from './lists.ts'

export function tagsCommand(): Command {
  return withJson(command('tags', 'each tag seen, and why it was chosen, refused or ignored'))
    .argument('<app>', 'the app')
    .action(exitWith(tags))
}

async function tags(app: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const items = await take(10_000, (query) => client.listTags({ params: { app }, query }))
  if (flags.json) printJson(items)
  else if (items.length === 0) note(`no tag of ${app} has been seen yet`)
  else printLines(renderTable(columns, items.map(row), terminalWidth()))
  return 0
}

const columns = [
  { header: 'TAG', give: 1 },
  { header: 'COMMIT' },
  { header: 'SEEN' },
  { header: 'VERDICT' },
  { header: 'WHY', give: 2 },
]

function row({ name, commit, firstSeenAt, verdict, why }: TagJson): Cell[] {
  return [name, shortCommit(commit), ago(firstSeenAt), verdictCell(verdict), why]
}

function verdictCell(verdict: TagJson['verdict']): Cell {
  if (verdict === 'live') return { text: verdict, style: 'green' }
  if (verdict === 'chosen') return { text: verdict, style: 'cyan' }
  const refused =
    verdict === 'moved' || verdict === 'failed before' || verdict === 'rolled back' || verdict === 'on hold'
  return { text: verdict, style: refused ? 'yellow' : 'dim' }
}
