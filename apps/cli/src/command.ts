/** What the commands have in common: shared flags, and how an action becomes an exit code. */

import { parseDuration } from '@tagship/domain/units'
import { Command, InvalidArgumentError, Option } from 'commander'
import { troubleOf, usageError } from './errors.ts'
import { printTrouble } from './output/print.ts'

export interface JsonFlag {
  readonly json?: boolean
}

export interface WaitFlags extends JsonFlag {
  readonly wait?: 'serving' | 'live'
  readonly detach?: boolean
  /** Milliseconds. */
  readonly timeout: number
}

export function command(name: string, summary: string): Command {
  return new Command(name).description(summary).helpOption('-h, --help', 'show this help')
}

export function withJson(made: Command): Command {
  return made.option('--json', 'print one JSON document on stdout')
}

export function withWait(made: Command): Command {
  return withJson(made)
    .addOption(
      new Option('--wait [until]', 'wait until it serves, or until it is live').choices(['serving', 'live']),
    )
    .option('--detach', 'do not wait')
    .addOption(timeoutOption())
}

function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long to wait at most')
    .argParser(duration)
    .default(600_000, '10m')
}

export function withReason(made: Command): Command {
  return made.option('--reason <text>', 'why; kept in the history')
}

export function waitSignal({ timeout }: WaitFlags): AbortSignal {
  return AbortSignal.timeout(timeout)
}

/** Runs the action; what it returns is the exit code, what it throws is told. */
export function exitWith<A extends unknown[]>(
  action: (...args: A) => Promise<number | undefined>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = (await action(...args)) ?? 0
    } catch (error) {
      const trouble = troubleOf(error)
      printTrouble(trouble, wantsJson(args))
      process.exitCode = trouble.exitCode
    }
  }
}

/** Commander passes the command itself last. */
function wantsJson(args: readonly unknown[]): boolean {
  const made = args.at(-1)
  return made instanceof Command && made.opts<JsonFlag>().json === true
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError('Give a duration such as 30s, 10m or 1h.')
  return ms
}

export function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.')
  return Number(text)
}

export function port(text: string): number {
  const number = count(text)
  if (number > 65_535) throw new InvalidArgumentError('Give a port from 1 to 65535.')
  return number
}

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

/** `["A=1", "B=x=y"]` → `{ A: '1', B: 'x=y' }`. @throws usage */
export function keyValues(pairs: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usageError(`${flag} takes NAME=VALUE, not "${pair}"`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
