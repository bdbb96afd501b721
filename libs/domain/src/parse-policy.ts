/** Policies from outside, checked as a whole. */
import { validRange } from 'semver'
import { TagshipError } from './errors.ts'
import { quote } from './names.ts'
import { compilePattern } from './pattern.ts'
import { defaultTagPolicy, isInside, type TagPolicy, tagPolicySchema } from './tag-policy.ts'

/**
 * Settings from outside, laid over those that are there (or the defaults), and checked as a whole.
 * @throws policy.invalid, tagRange.invalid
 */
export function parseTagPolicy(input: unknown, base: TagPolicy = defaultTagPolicy): TagPolicy {
  const given = typeof input === 'object' && input !== null ? input : {}
  const parsed = tagPolicySchema.safeParse({ ...base, ...given })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`${issue?.path.join('.') || 'the policy'}: ${issue?.message ?? 'is not valid'}`)
  }
  const policy = parsed.data
  if (validRange(policy.range) === null) {
    throw new TagshipError('tagRange.invalid', `${quote(policy.range)} is not a semver range`)
  }
  for (const name of ['include', 'exclude'] as const) {
    if (policy[name] !== null) compilePattern(name, policy[name])
  }
  refuseWhatDoesNotFit(policy)
  return policy
}

/** A setting that would silently do nothing is a mistake of whoever gave it. */
function refuseWhatDoesNotFit({ ordering, range, prereleases }: TagPolicy): void {
  if (ordering !== 'semver' && range !== '*') {
    throw invalid(`range: ${quote(range)} is for the ordering semver; with ${ordering} it has to be "*"`)
  }
  const versions = ordering === 'semver' || ordering === 'calver'
  if (!versions && prereleases !== 'never') {
    throw invalid(`prereleases: the ordering ${ordering} knows none; it has to be "never"`)
  }
}

function invalid(detail: string): TagshipError {
  return new TagshipError('policy.invalid', detail)
}

/** The app's folder in its repository, where it is not the whole of it. @throws input.invalid */
export function parseRoot(value: string): string {
  const path = value.replace(/\/+$/, '')
  if (path === '' || path === '.') return ''
  if (path.length > 300 || !isInside(path) || /[*?[\]]/.test(path)) {
    throw new TagshipError('input.invalid', `root: ${quote(value)} is not a folder inside the repository`)
  }
  return path
}
