import type { AuditEntryJson, AuditVerdictJson } from '@tagship/api'
import type { Command } from 'commander'
import { collect, command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, renderTable } from '../output/table.ts'
import { paint } from '../output/text.ts'
import { ago } from '../output/time.ts'
import { take } from './lists.ts'

export function auditCommand(): Command {
  const verify = withJson(
    command('verify', 'prove that nothing in the history was changed, removed or put in'),
  ).option('--expect <hash>', 'a head that was noted before, and has to be there still; repeatable', collect)
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

async function verifyHistory(flags: JsonFlag & { readonly expect?: string[] }): Promise<number> {
  const client = await connect()
  const query = flags.expect ? { expect: flags.expect.join(',') } : {}
  const verdict = await client.verifyAudit({ query })
  if (flags.json) printJson(verdict)
  else printLines(describeVerdict(verdict))
  return verdict.intact ? 0 : 1
}

function describeVerdict({ apps, audit, missing }: AuditVerdictJson): string[] {
  const old = audit.unchained > 0 ? ` (${audit.unchained} from before the chain: not proven)` : ''
  return [
    ...apps.flatMap(({ app, events, head, broken }) => describeChain(app, `${events} events`, head, broken)),
    ...describeChain('who did what', `${audit.entries} entries${old}`, audit.head, audit.broken),
    ...missing.map((hash) => `${paint('red', '✖')} ${hash} was expected, and is in no chain`),
  ]
}

/** With the head, for those who note it elsewhere: who may rewrite a whole chain cannot rewrite their note. */
function describeChain(
  name: string,
  size: string,
  head: string,
  broken: AuditVerdictJson['audit']['broken'],
): string[] {
  if (broken) return [`${paint('red', '✖')} ${name}: ${broken.problem}`]
  return [
    `${paint('green', '✔')} ${name}: ${size}, none changed, removed or put in`,
    paint('dim', `  ${head}`),
  ]
}
