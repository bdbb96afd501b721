/** Words of a command to the router: nothing that could end the word, or the command, gets into one. */
import { isIP, isIPv6 } from 'node:net'
import { quote, TagshipError } from '@tagship/domain'
import type { RouteTarget } from '@tagship/engine'

const wordPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
/** HAProxy reads a command into a buffer of 16 kB. */
const longestList = 15_000

/** @throws input.invalid */
export function word(value: string): string {
  if (!wordPattern.test(value)) {
    throw new TagshipError('input.invalid', `${quote(value)} cannot be part of a route`)
  }
  return value
}

/** `a,b`, or `-` for none. @throws input.invalid */
export function list(items: readonly string[]): string {
  const text = items.length === 0 ? '-' : items.join(',')
  if (text.length > longestList) {
    throw new TagshipError('input.invalid', `${items.length} hosts or targets are more than a route can have`)
  }
  return text
}

/** `10.0.0.7:8080`, `[fd00::7]:8080`. @throws input.invalid */
export function addressOf({ name, address, port }: RouteTarget): string {
  if (isIP(address) === 0 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TagshipError('input.invalid', `${name} cannot be reached at ${quote(`${address}:${port}`)}`)
  }
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`
}
