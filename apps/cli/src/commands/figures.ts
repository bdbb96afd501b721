import type { FiguresJson } from '@tagship/api'
import { formatDuration, formatSize } from '@tagship/domain/units'
import { type Command, InvalidArgumentError } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { printJson, printLines, terminalWidth } from '../output/print.ts'
import { renderFields, renderTable } from '../output/table.ts'

const dayMs = 86_400_000
const units = { h: 3_600_000, d: dayMs, w: 7 * dayMs } as const

export function figuresCommand(): Command {
  return withJson(command('figures', 'how often, how fast and how safely is deployed'))
    .argument('[app]', 'only this app; else all of them together')
    .option(
      '--since <time>',
      'from when: so long ago (12h, 30d, 8w), or a date',
      sinceMoment,
      sinceMoment('30d'),
    )
    .action(exitWith(figures))
}

async function figures(app: string | undefined, flags: JsonFlag & { readonly since: Date }): Promise<number> {
  const client = await connect()
  const query = { since: flags.since.toISOString() }
  const found =
    app === undefined
      ? await client.readFigures({ query })
      : await client.readAppFigures({ params: { app }, query })
  if (flags.json) printJson(found)
  else printLines([...describe(found), '', ...phaseTable(found)])
  return 0
}

/** `30d`: that long before now; else a date or a moment. */
export function sinceMoment(text: string): Date {
  const [, count, unit] = /^([1-9]\d{0,3})([hdw])$/.exec(text) ?? []
  const date = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN
  const ago = count && unit ? Number(count) * units[unit as keyof typeof units] : null
  const moment = new Date(ago === null ? date : Date.now() - ago)
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('Give how long ago, such as 30d, or a date, such as 2026-11-01.')
  }
  return moment
}

export function describe(found: FiguresJson): string[] {
  const { deploymentFrequency, leadTime, changeFailureRate, timeToRestore, successRate, toServing } = found
  const { perDay, samples } = deploymentFrequency
  const { rate, failures } = changeFailureRate
  return renderFields([
    ['window', `${found.since.slice(0, 10)} to ${found.until.slice(0, 10)}, ${found.app ?? 'all apps'}`],
    ['deployment frequency', `${perDay.toFixed(perDay < 10 ? 1 : 0)} a day (${samples} changes served)`],
    ['lead time', spread(leadTime)],
    ['change failure rate', `${percent(rate)} (${failures} of ${changeFailureRate.samples})`],
    ['time to restore', spread(timeToRestore)],
    ['success rate', `${percent(successRate.rate)} of ${successRate.samples} attempts`],
    ['until it serves', spread(toServing)],
    ['image size', found.imageBytes.p50 === null ? '–' : `p50 ${formatSize(found.imageBytes.p50)}`],
  ])
}

function phaseTable({ phases }: FiguresJson): string[] {
  const columns = [
    { header: 'PHASE' },
    { header: 'P50', align: 'right' },
    { header: 'P95', align: 'right' },
    { header: 'N', align: 'right' },
  ] as const
  const rows = phases.map(({ name, p50, p95, samples }) => [name, time(p50), time(p95), String(samples)])
  return renderTable(columns, rows, terminalWidth())
}

function spread({ p50, p95, samples }: FiguresJson['leadTime']): string {
  return samples === 0 ? '–' : `p50 ${time(p50)}, p95 ${time(p95)} (${samples})`
}

function time(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 2 * dayMs ? formatDuration(ms) : `${(ms / dayMs).toFixed(1)}d`
}

function percent(rate: number | null): string {
  return rate === null ? '–' : `${(rate * 100).toFixed(1)} %`
}
