/** The results as a table for people and as JSON for machines. */
import { cpus, loadavg, release } from 'node:os'
import { holds, median, type SectionResult, type Series, type Target } from './section.ts'

export interface BenchReport {
  readonly at: string
  readonly machine: {
    readonly cpus: number
    readonly kernel: string
    readonly node: string
    readonly load: number
  }
  readonly sections: Readonly<Record<string, { readonly title: string } & SectionResult>>
}

export function describeMachine(): BenchReport['machine'] {
  return { cpus: cpus().length, kernel: release(), node: process.version, load: loadavg()[0] ?? 0 }
}

export function renderSection(title: string, { series, targets }: SectionResult): string {
  const rows = [['', 'median', 'min', 'max', 'n', ''], ...series.map(seriesRow)]
  const lines = [
    '',
    title,
    '',
    ...alignColumns(rows),
    ...(targets.length > 0 ? [''] : []),
    ...targets.map(targetLine),
  ]
  return `${lines.join('\n')}\n`
}

/** As JSON, each series also with what the table shows of it. */
export function toJson(report: BenchReport): string {
  const sections = Object.fromEntries(
    Object.entries(report.sections).map(([name, { title, series, targets }]) => [
      name,
      {
        title,
        series: series.map((one) => ({ ...one, median: median(one.values), ...extremes(one.values) })),
        targets: targets.map((target) => ({ ...target, holds: holds(target) })),
      },
    ]),
  )
  return `${JSON.stringify({ ...report, sections }, null, 2)}\n`
}

function seriesRow({ name, unit, values }: Series): string[] {
  const { min, max } = extremes(values)
  return [name, figure(median(values)), figure(min), figure(max), `${values.length}`, unit]
}

function targetLine(target: Target): string {
  const { claim, unit, measured, limit } = target
  const wanted = 'atMost' in limit ? `at most ${figure(limit.atMost)}` : `at least ${figure(limit.atLeast)}`
  return `${holds(target) ? 'holds ' : 'MISSED'}  ${claim}: ${figure(measured)} ${unit} (${wanted})`
}

function extremes(values: readonly number[]): { min: number; max: number } {
  return { min: Math.min(...values), max: Math.max(...values) }
}

function figure(value: number): string {
  return value.toLocaleString('en', {
    maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0,
  })
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 5 ? cell.padEnd(width(column)) : cell.padStart(width(column)),
      )
      .join('  ')
      .trimEnd(),
  )
}
