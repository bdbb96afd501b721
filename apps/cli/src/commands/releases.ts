import type { ReleaseJson } from '@tagship/api'
import { formatSize } from '@tagship/domain/units'
import type { Command } from 'commander'
import { command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { shortCommit } from '../output/names.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { type Cell, renderTable } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { take } from './lists.ts'

export function releasesCommand(): Command {
  return withJson(command('releases', 'the releases of an app, newest first'))
    .argument('<app>', 'the app')
    .option('-n, --number <n>', 'how many', count, 20)
    .action(exitWith(releases))
}

async function releases(app: string, flags: JsonFlag & { readonly number: number }): Promise<number> {
  const client = await connect()
  const items = await take(flags.number, (query) => client.listReleases({ params: { app }, query }))
  if (flags.json) printJson(items)
  else if (items.length === 0) note(`${app} has no releases yet`)
  else printLines(renderTable(columns, items.map(row), terminalWidth()))
  return 0
}

const columns = [
  { header: 'RELEASE' },
  { header: 'TAG', give: 2 },
  { header: 'COMMIT' },
  { header: 'REVISION', align: 'right' },
  { header: 'IMAGE' },
  { header: 'SIZE', align: 'right' },
  { header: 'CREATED' },
  { header: 'ROLLBACK', give: 3 },
] as const

function row(release: ReleaseJson): Cell[] {
  const { name, tag, commit, revision, imageDigest, imageBytes, createdAt, live, canRollBack, why } = release
  return [
    live ? { text: name, style: 'green' } : name,
    tag ?? '–',
    shortCommit(commit),
    revision === null ? '–' : `${revision}`,
    imageDigest?.replace('sha256:', '').slice(0, 12) ?? '–',
    imageBytes === null ? '–' : formatSize(imageBytes),
    ago(createdAt),
    live ? { text: 'live', style: 'green' } : { text: canRollBack ? 'possible' : `no: ${why}`, style: 'dim' },
  ]
}
