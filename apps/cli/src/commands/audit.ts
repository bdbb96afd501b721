import type { AuditEntryJson } from '@tagship/api'
import type { Command } from 'commander'
import { command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, renderTable } from '../output/table.ts'
import { paint } from '../output/text.ts'
import { ago } from '../output/time.ts'
import { take } from './lists.ts'

export function auditCommand(): Command {
  const verify = withJson(command('verify', 'prove that no event of the history was altered or removed'))
  return withJson(command('audit', 'who did what, newest first'))
    .argument('[app]', 'only what concerns this app')
    .option('-n, --number <n>', 'how many', count, 50)
    .action(exitWith(audit))
    .addCommand(verify.action(exitWith(verifyHistory)))
}

async function audit(
  app: string | undefined,
  flags: JsonFlag & { readonly number: number },
): Promise<number> {
  const client = await connect()
  const items = await take(flags.number, (page) =>
    client.listAudit({ query: { ...page, ...(app === undefined ? {} : { app }) } }),
  )
  if (flags.json) printJson(items)
  else if (items.length === 0) note('nothing was written yet')
  else printLines(renderTable(columns, items.map(row), terminalWidth()))
  return 0
}

const columns = [
  { header: 'WHEN' },
  { header: 'WHO', give: 2 },
  { header: 'ACTION' },
  { header: 'APP', give: 1 },
  { header: 'OUTCOME' },
  { header: 'DETAIL', give: 3 },
] as const

function row({ at, actor, action, app, outcome, detail }: AuditEntryJson): Cell[] {
  const words = Object.entries(detail).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const style = outcome === 'done' ? 'green' : outcome === 'refused' ? 'red' : 'yellow'
  return [ago(at), actor, action, app ?? '–', { text: outcome, style }, words.join(' ')]
}

async function verifyHistory(flags: JsonFlag): Promise<number> {
  const client = await connect()
  const verdict = await client.verifyAudit()
  if (flags.json) printJson(verdict)
  else {
    printLines(
      verdict.apps.map(({ app, events, broken }) =>
        broken
          ? `${paint('red', '✖')} ${app}: ${broken.problem}`
          : `${paint('green', '✔')} ${app}: ${events} events, none altered or removed`,
      ),
    )
    if (verdict.apps.length === 0) note('there is no history yet')
  }
  return verdict.intact ? 0 : 1
}
