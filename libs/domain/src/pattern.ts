/** Regular expressions from outside, in linear time (RE2): no name of a tag can make one run away. */
import { RE2JS } from 're2js'
import { TagshipError } from './errors.ts'
import { quote } from './names.ts'

export interface Pattern {
  readonly source: string
  matches(text: string): boolean
  /** What the group `version` holds; null where the text does not match, or the pattern has no such group. */
  versionIn(text: string): string | null
  readonly hasVersion: boolean
}

/** A bound on what one match may cost: repetitions multiply. */
const largestProgram = 2_000

/** @param name of the setting, for the error. @throws policy.invalid */
export function compilePattern(name: string, source: string): Pattern {
  const compiled = compile(name, source)
  const groups = Object.keys(compiled.namedGroups())
  const other = groups.find((group) => group !== 'version')
  if (other) throw invalid(name, source, `it names a group "${other}"; only "version" means something`)
  const hasVersion = groups.length > 0
  return {
    source,
    hasVersion,
    matches: (text) => compiled.test(text),
    versionIn(text) {
      if (!hasVersion || !compiled.test(text)) return null
      const matcher = compiled.matcher(text)
      return matcher.find() ? (matcher.group('version') ?? null) : null
    },
  }
}

function compile(name: string, source: string): RE2JS {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source)
  } catch (error) {
    const words = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : ''
    throw invalid(name, source, words, error)
  }
  if (compiled.programSize() > largestProgram) throw invalid(name, source, 'its repetitions are too large')
  return compiled
}

function invalid(name: string, source: string, why: string, cause?: unknown): TagshipError {
  const options = cause === undefined ? {} : { cause }
  return new TagshipError('policy.invalid', `${name}: ${quote(source)} is no RE2 pattern: ${why}`, options)
}
