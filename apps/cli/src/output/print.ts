/** Results go to stdout, everything else to stderr; with --json, stdout carries exactly one JSON document. */
import type { Trouble } from '../errors.ts'
import { paint, wrap } from './text.ts'

export function printLines(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** For the person who waits; never part of the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Columns of the terminal; endless where stdout is none. */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number {
  return stream.isTTY ? Math.max(40, stream.columns || 80) : Number.POSITIVE_INFINITY
}

/** What went wrong, under which code, and what to do about it. */
export function printTrouble(trouble: Trouble, json: boolean): void {
  if (json) printJson({ error: trouble })
  else for (const line of describeTrouble(trouble)) note(line)
}

function describeTrouble({ code, detail, mend }: Trouble): string[] {
  const width = Math.min(terminalWidth(process.stderr), 100) - 2
  const [first = '', ...more] = wrap(detail, width)
  const head = `${paint('red', '✖', process.stderr)} ${first}`
  const mends = mend ? wrap(mend, width).map((line) => `  ${line}`) : []
  return [
    head,
    ...more.map((line) => `  ${line}`),
    ...mends.map((line) => paint('cyan', line, process.stderr)),
    paint('dim', `  ${code}`, process.stderr),
  ]
}
