/** The settings that say which tags of an app are deployed by themselves (docs/guides/tags.md). */
import { z } from 'zod'

export const orderings = ['semver', 'calver', 'numeric', 'alphabetical', 'created'] as const
export type OrderingName = (typeof orderings)[number]

export const moveRules = ['block', 'ignore', 'redeploy'] as const
export type MoveRule = (typeof moveRules)[number]

export const verifications = ['none', 'tag', 'commit', 'both'] as const
export type Verification = (typeof verifications)[number]

const pattern = z.string().min(1).max(500).nullable()

/** One line: what git takes for a path, without a way out of the repository. */
const glob = z
  .string()
  .max(300)
  .refine(isInside, 'must be a path or glob inside the repository, such as services/web/**')

const settings = {
  /** What makes one tag newer than another. */
  ordering: z.enum(orderings),
  /** A semver range; `*` takes every release. Of the ordering semver only. */
  range: z.string().max(200),
  /** What a tag's name has to begin with; the version is what comes after it. */
  prefix: z
    .string()
    .max(100)
    .regex(/^[^\p{Cc} ]*$/u, 'must not have spaces or control characters'),
  /** RE2; must match somewhere in the name. A group `(?<version>…)` says where the version is. */
  include: pattern,
  /** RE2; must not match anywhere in the name. */
  exclude: pattern,
  /** `channel:NAME`: those whose first identifier is NAME, such as `1.2.0-beta.3` of `channel:beta`. */
  prereleases: z
    .string()
    .regex(/^(never|allow|channel:[A-Za-z][0-9A-Za-z-]{0,49})$/, 'must be never, allow or channel:NAME'),
  requireAnnotated: z.boolean(),
  /** A tag that changed nothing there since the live release is passed over; none: every tag counts. */
  paths: z.array(glob).max(50),
  /** What becomes of a tag that moved to another commit. */
  onMove: z.enum(moveRules),
  /** What has to carry a signature of one of the app's signers. */
  verify: z.enum(verifications),
}

/** Some of the settings, as they are given to change a policy. */
export const tagPolicySettings = z.strictObject(settings).partial()
export type TagPolicyInput = Readonly<z.output<typeof tagPolicySettings>>

/** Every setting has a default, so that `{}` is the policy of a new app. */
export const tagPolicySchema = z.strictObject({
  ordering: settings.ordering.default('semver'),
  range: settings.range.default('*'),
  prefix: settings.prefix.default(''),
  include: settings.include.default(null),
  exclude: settings.exclude.default(null),
  prereleases: settings.prereleases.default('never'),
  requireAnnotated: settings.requireAnnotated.default(false),
  paths: settings.paths.default([]),
  onMove: settings.onMove.default('block'),
  verify: settings.verify.default('none'),
})
export type TagPolicy = Readonly<z.output<typeof tagPolicySchema>>

export const defaultTagPolicy: TagPolicy = tagPolicySchema.parse({})

/** In a few words, for a table: `^1`, `web-*`, `numeric build-`. */
export function summarizePolicy(policy: TagPolicy): string {
  const { ordering, range, prefix, include, exclude, prereleases, requireAnnotated, paths, verify } = policy
  const words = [ordering === 'semver' ? range : ordering]
  if (prefix !== '') words.push(`prefix ${prefix}`)
  if (include !== null) words.push(`/${include}/`)
  if (exclude !== null) words.push(`not /${exclude}/`)
  if (prereleases !== 'never') words.push(prereleases === 'allow' ? 'prereleases' : prereleases)
  if (requireAnnotated) words.push('annotated')
  if (paths.length > 0) words.push(`in ${paths.join(', ')}`)
  if (verify !== 'none') words.push(`signed ${verify}`)
  return words.join(', ')
}

/** A path of git's that cannot lead out of the repository. */
export function isInside(path: string): boolean {
  if (path === '' || path.startsWith('/') || path.startsWith(':') || path.includes('\\')) return false
  if (/\p{Cc}/u.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git')
}
