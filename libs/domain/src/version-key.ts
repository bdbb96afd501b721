/** What makes one tag newer than another: a key read from its name (or its date), and an order of keys. */
import { compareBuild, parse, type SemVer } from 'semver'
import type { Tag } from './tag.ts'
import type { OrderingName } from './tag-policy.ts'

export type VersionKey =
  | { readonly kind: 'semver'; readonly version: SemVer }
  | { readonly kind: 'calver'; readonly numbers: readonly string[]; readonly prerelease: readonly string[] }
  | { readonly kind: 'numeric'; readonly numbers: readonly string[] }
  | { readonly kind: 'alphabetical'; readonly text: string }
  | { readonly kind: 'created'; readonly at: number; readonly text: string }

/** What a name has to look like, for a person. */
export const versionForms = {
  semver: 'a semantic version such as v1.2.3',
  calver: 'a calendar version such as 2026.11.3',
  numeric: 'a number such as 42 or 1.2.3.4',
  alphabetical: 'a name',
  created: 'a name',
} as const satisfies Record<OrderingName, string>

/** Null where the text is not of the ordering's form. */
export function readVersion(ordering: OrderingName, text: string, tag: Tag): VersionKey | null {
  switch (ordering) {
    case 'semver': {
      const version = parse(text.startsWith('v') ? text.slice(1) : text)
      return version && { kind: 'semver', version }
    }
    case 'calver':
      return readCalendar(text)
    case 'numeric':
      return /^v?\d+(\.\d+)*$/.test(text) ? { kind: 'numeric', numbers: numbersIn(text) } : null
    case 'alphabetical':
      return text === '' ? null : { kind: 'alphabetical', text }
    case 'created':
      return { kind: 'created', at: (tag.createdAt ?? tag.firstSeenAt).getTime(), text }
  }
}

/** Below 0 where `a` is the older one; 0 where neither is. Keys of one ordering only. */
export function compareVersions(a: VersionKey, b: VersionKey): number {
  if (a.kind === 'semver' && b.kind === 'semver') {
    const [one, other] = [a.version, b.version]
    // What decides nearly always, and many times as fast: lists of tags may be long.
    return (
      one.major - other.major ||
      one.minor - other.minor ||
      one.patch - other.patch ||
      compareBuild(one, other)
    )
  }
  if (a.kind === 'calver' && b.kind === 'calver') {
    return compareNumbers(a.numbers, b.numbers) || comparePrereleases(a.prerelease, b.prerelease)
  }
  if (a.kind === 'numeric' && b.kind === 'numeric') return compareNumbers(a.numbers, b.numbers)
  if (a.kind === 'alphabetical' && b.kind === 'alphabetical') return compareText(a.text, b.text)
  if (a.kind === 'created' && b.kind === 'created') return a.at - b.at || compareNatural(a.text, b.text)
  throw new TypeError(`a ${a.kind} version cannot be compared with a ${b.kind} one`)
}

/** Build metadata makes no newer version (semver §10): it only decides which of two is taken first. */
export function isSameVersion(a: VersionKey, b: VersionKey): boolean {
  if (a.kind === 'semver' && b.kind === 'semver') return a.version.compare(b.version) === 0
  return compareVersions(a, b) === 0
}

/** The channel of a prerelease: `beta` of 1.2.0-beta.3 and of 1.2.0-beta3; null for a release. */
export function channelOf(key: VersionKey): string | null {
  const parts = key.kind === 'semver' ? key.version.prerelease : key.kind === 'calver' ? key.prerelease : []
  const [first] = parts
  return first === undefined ? null : String(first).replace(/\d+$/, '')
}

const calendarForm = /^v?(\d{8}|\d{6}|\d{4}|\d{2})((?:[._-]\d+)*)(?:[._-]?([A-Za-z][0-9A-Za-z._-]*))?$/

/** `2026.11.3`, `26.11.3`, `2026-11-03`, `20261103.1`; a suffix that begins with a letter is a prerelease. */
function readCalendar(text: string): VersionKey | null {
  const [, head, rest = '', suffix = ''] = calendarForm.exec(text) ?? []
  const date = head === undefined ? null : readDate(head)
  if (date === null) return null
  const prerelease = suffix.match(/\d+|[A-Za-z]+/g) ?? []
  return { kind: 'calver', numbers: [...date, ...numbersIn(rest)], prerelease }
}

function readDate(head: string): string[] | null {
  if (head.length === 2) return [`20${head}`]
  const [year, month, day] = [head.slice(0, 4), head.slice(4, 6), head.slice(6, 8)]
  if (year < '1970') return null
  if (month !== '' && (month < '01' || month > '12')) return null
  if (day !== '' && (day < '01' || day > '31')) return null
  return [year, month, day].filter((part) => part !== '').map(withoutZeros)
}

function numbersIn(text: string): string[] {
  return (text.match(/\d+/g) ?? []).map(withoutZeros)
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

/** Part by part, each exact however long; a part that is missing counts as 0. */
function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

/** As semver §11 does: none is newest; numbers are older than words. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = comparePart(a[index] ?? '', b[index] ?? '')
    if (order !== 0) return order
  }
  return a.length - b.length
}

function comparePart(a: string, b: string): number {
  const [digitsA, digitsB] = [/^\d/.test(a), /^\d/.test(b)]
  if (digitsA && digitsB) return compareDigits(withoutZeros(a), withoutZeros(b))
  if (digitsA !== digitsB) return digitsA ? -1 : 1
  return compareText(a, b)
}

/** By code points, so that it is the order of the bytes in UTF-8, whatever the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (unitA === unitB) continue
    // A surrogate stands for a code point above all single units.
    const [highA, highB] = [isSurrogate(unitA), isSurrogate(unitB)]
    return highA === highB ? unitA - unitB : highA ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** Runs of digits as numbers, the rest as text: `v1.10` is newer than `v1.9`. */
function compareNatural(a: string, b: string): number {
  const [partsA, partsB] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let index = 0; index < Math.min(partsA.length, partsB.length); index += 1) {
    const order = comparePart(partsA[index] ?? '', partsB[index] ?? '')
    if (order !== 0) return order
  }
  return partsA.length - partsB.length
}
