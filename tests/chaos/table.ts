/** The outcomes as a table for people. */
import { isRight, type Outcome } from './cell.ts'

const columns = [
  ['FAULT', ({ fault }) => fault],
  ['AT', ({ at }) => at],
  ['OUTCOME', verdict],
  ['REQUESTS', ({ requests }) => requests.toLocaleString('en')],
  ['FAILED', ({ failed }) => `${failed}`],
  ['LONGEST GAP', ({ longestGapMs }) => `${Math.round(longestGapMs)} ms`],
  ['RECOVERED IN', ({ recoveryMs }) => (recoveryMs === null ? '–' : `${(recoveryMs / 1_000).toFixed(1)} s`)],
  ['PLAYED', ({ playedAt }) => playedAt.slice(0, 10)],
] as const satisfies [string, (outcome: Outcome) => string][]

export function renderTable(outcomes: readonly Outcome[]): string {
  const rows = [columns.map(([title]) => title), ...outcomes.map(cellsOf)]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** For docs/reliability.md. */
export function renderMarkdown(outcomes: readonly Outcome[]): string {
  const rows = [
    columns.map(([title]) => title.toLowerCase()),
    columns.map(() => '---'),
    ...outcomes.map(cellsOf),
  ]
  return rows.map((row) => `| ${row.join(' | ')} |\n`).join('')
}

function verdict(outcome: Outcome): string {
  if (!isRight(outcome)) return 'WRONG'
  return outcome.control ? 'found, as it should be' : 'as it should be'
}

function cellsOf(outcome: Outcome): string[] {
  return columns.map(([, show]) => show(outcome))
}
