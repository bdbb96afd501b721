/** Config of an app: env values and secrets, under names that a process finds in its environment (DESIGN §6). */
import { TagshipError } from './errors.ts'
import { type ConfigName, quote } from './names.ts'

/** How the value of a name is kept: in the open, or sealed and never shown again. */
export type ConfigKind = 'env' | 'secret'

/** Names and values that a revision has, or that are set: env by value, secrets by their version. */
export interface ConfigSnapshot {
  readonly env: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, number>>
}

/** Bytes. Linux takes 128 KiB for one variable and its name, and counts all of them against the stack. */
export const longestConfigValue = 64 * 1024
export const largestConfig = 256 * 1024

/**
 * Any text that an environment variable can hold: well-formed, without NUL. A secret is not empty: an empty
 * one is most often a pipe that went wrong. @throws config.valueInvalid, config.tooLarge
 */
export function parseConfigValue(kind: ConfigKind, name: ConfigName, value: string): string {
  const problem = valueProblem(kind, value)
  if (problem) throw new TagshipError('config.valueInvalid', `${name}: ${problem}`)
  const bytes = Buffer.byteLength(value)
  if (bytes > longestConfigValue) {
    throw new TagshipError('config.tooLarge', `${name} has ${bytes} bytes, ${longestConfigValue} are allowed`)
  }
  return value
}

function valueProblem(kind: ConfigKind, value: string): string | null {
  if (value.includes('\0')) return 'the value has a NUL character, which no environment variable can hold'
  if (!value.isWellFormed()) return 'the value is not well-formed Unicode text'
  return kind === 'secret' && value === '' ? 'the value is empty' : null
}

/** All names and values together. @throws config.tooLarge */
export function checkConfigSize(app: string, bytes: number): void {
  if (bytes <= largestConfig) return
  throw new TagshipError(
    'config.tooLarge',
    `env and secrets of ${app} would have ${bytes} bytes together, ${largestConfig} are allowed`,
  )
}

/** The names whose value is not the same in both, in order. */
export function differingNames(a: ConfigSnapshot, b: ConfigSnapshot): string[] {
  const names = new Set([a, b].flatMap(({ env, secrets }) => [...Object.keys(env), ...Object.keys(secrets)]))
  return [...names]
    .filter((name) => a.env[name] !== b.env[name] || a.secrets[name] !== b.secrets[name])
    .sort()
}

/** A name that cannot be another kind at the same time. @throws config.nameTaken */
export function refuseOtherKind(name: ConfigName, wanted: ConfigKind, present: ConfigKind | null): void {
  if (present === null || present === wanted) return
  const [is, command] = present === 'env' ? ['an env value', 'env'] : ['a secret', 'secret']
  throw new TagshipError(
    'config.nameTaken',
    `${quote(name)} is ${is}; tagship ${command} unset takes it away first`,
  )
}
