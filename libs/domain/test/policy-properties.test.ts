/** What holds for every set of tags, every policy and every order of arrival. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseTag,
  compareVersions,
  decide,
  type OrderingName,
  type PolicyContext,
  type RankedTag,
  rankTags,
  readVersion,
  type Tag,
  type TagAttempt,
  type TagHistory,
  type TagPolicyInput,
  verdictAt,
} from '../src/index.ts'
import { commitOf, context, live, policy, tag } from './tags.ts'

const number = fc.nat(12)
const suffix = fc.constantFrom('', '', '', '-rc.1', '-rc.2', '-beta1', '+7')
const name = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'v', 'web-v'), number, number, number, suffix)
    .map(([head, a, b, c, end]) => `${head}${a}.${b}.${c}${end}`),
  fc
    .tuple(fc.integer({ min: 2020, max: 2027 }), fc.integer({ min: 1, max: 12 }), number)
    .map((parts) => parts.join('.')),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
  fc.stringMatching(/^[a-zé][a-z0-9é_-]{0,8}$/),
)
const names = fc.uniqueArray(name, { maxLength: 25 })

const oneTag = fc.record({ name, flags: fc.nat(31), seconds: fc.nat(50) }).map(({ name, flags, seconds }) =>
  tag(name, {
    annotated: (flags & 1) > 0,
    baseline: (flags & 2) > 0,
    createdAt: new Date(seconds * 1_000),
    ...((flags & 28) === 28 ? { movedTo: commitOf('b'), pointsAt: commitOf('b') } : {}),
    ...((flags & 28) === 24 ? { deletedAt: new Date(1) } : {}),
  }),
)
const tags = fc.uniqueArray(oneTag, { selector: ({ name }) => name, maxLength: 25 })

const rules: fc.Arbitrary<TagPolicyInput> = fc.oneof(
  fc.record({
    ordering: fc.constant('semver' as const),
    range: fc.constantFrom('*', '^1', '>=3 <8', '1.x || 5.x'),
    prereleases: fc.constantFrom('never', 'allow', 'channel:rc'),
    prefix: fc.constantFrom('', 'web-'),
    requireAnnotated: fc.boolean(),
    onMove: fc.constantFrom('block' as const, 'ignore' as const, 'redeploy' as const),
  }),
  fc.record({
    ordering: fc.constantFrom<OrderingName[]>('calver', 'numeric', 'alphabetical', 'created'),
    exclude: fc.constantFrom(null, 'rc', '^1'),
    onMove: fc.constantFrom('block' as const, 'ignore' as const, 'redeploy' as const),
  }),
)

const shuffled = <T>(items: readonly T[]) =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length })
const choose = (of: readonly Tag[], given: TagPolicyInput, about: PolicyContext) =>
  chooseTag(of, policy(given), about)
const history = (last: TagAttempt): TagHistory => ({ last, commits: new Set([commitOf('a'), commitOf('b')]) })

describe('the choice', () => {
  it('is the same, and every verdict is, in whatever order the tags arrive', () => {
    const shuffledTwice = tags.chain((list) => fc.tuple(fc.constant(list), shuffled(list)))
    fc.assert(
      fc.property(shuffledTwice, rules, fc.boolean(), ([one, other], given, fromNext) => {
        const about = context({ fromNext })
        const verdictsOf = (list: readonly Tag[]) => {
          const decision = decide(rankTags(list, policy(given)), about)
          return decision.ranking.tags.map((_, place) => verdictAt(decision, place))
        }
        expect(verdictsOf(other)).toEqual(verdictsOf(one))
      }),
    )
  })

  it('is monotonic: whatever arrives, fails, is canceled or rolled back, the next choice is a newer one', () => {
    const outcomes = fc.constantFrom<TagAttempt[]>('served', 'failed', 'canceled', 'rolledBack', 'underWay')
    const arrivals = fc.array(fc.tuple(tags, outcomes), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(arrivals, rules, (rounds, given) => {
        const known = new Map<string, Tag>()
        const attempted = new Map<string, TagHistory>()
        let serving: string | null = null
        let last: Tag | null = null
        for (const [batch, outcome] of rounds) {
          for (const one of batch) if (!known.has(one.name)) known.set(one.name, one)
          const about = context({ live: serving === null ? null : live(serving), attempted })
          const chosen: Tag | null = choose([...known.values()], given, about)
          if (!chosen) continue
          if (last) expect(isNewer(chosen, last, given), `${chosen.name} after ${last.name}`).toBe(true)
          last = chosen
          attempted.set(chosen.name, history(outcome))
          if (outcome === 'served') serving = chosen.name
        }
      }),
    )
  })

  it('never falls on a tag that is not newer than the live one, that was tried, moved, deleted or does not fit', () => {
    const cases = tags.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.subarray(list),
        fc.option(fc.constantFrom(...list, ...(list.length ? [] : [tag('v1.0.0')]))),
      ),
    )
    fc.assert(
      fc.property(cases, rules, ([list, tried, serving], given) => {
        const attempted = new Map(tried.map(({ name }) => [name as string, history('failed')]))
        const about = context({ attempted, live: serving ? live(serving.name) : null })
        const chosen = choose(list, given, about)
        if (!chosen) return
        expect(attempted.has(chosen.name)).toBe(false)
        expect(chosen.deletedAt).toBeNull()
        if (given.onMove === 'block') expect(chosen.movedTo).toBeNull()
        if (given.requireAnnotated) expect(chosen.annotated).toBe(true)
        // The one tag that may follow itself: it moved, and the policy follows moves.
        if (chosen.name === serving?.name) {
          expect([given.onMove, chosen.movedTo]).toEqual(['redeploy', commitOf('b')])
        } else if (serving && keyOf(serving, given)) {
          expect(isNewer(chosen, serving, given)).toBe(true)
        }
      }),
    )
  })

  it('is none on hold, whatever tags there are: a hold is never broken by a tag', () => {
    fc.assert(
      fc.property(tags, rules, fc.boolean(), (list, given, fromNext) => {
        expect(choose(list, given, context({ onHold: true, fromNext }))).toBeNull()
      }),
    )
  })

  it('is the first tag of the ranking that nothing speaks against, and the only one chosen', () => {
    fc.assert(
      fc.property(tags, rules, (list, given) => {
        const decision = decide(rankTags(list, policy(given)), context())
        const chosen = decision.ranking.tags.filter(
          (_, place) => verdictAt(decision, place).verdict === 'chosen',
        )
        expect(chosen.map(({ tag }) => tag.name)).toEqual(decision.chosen ? [decision.chosen.name] : [])
        // With no history only fitness, moves and deletions count.
        const isFree = ({ tag, unfit }: RankedTag) =>
          !unfit && !tag.deletedAt && !(tag.movedTo && given.onMove === 'block')
        expect(decision.chosen).toBe(decision.ranking.tags.find(isFree)?.tag ?? null)
      }),
    )
  })
})

describe.each(['semver', 'calver', 'numeric', 'alphabetical', 'created'] as const)(
  'the order %s',
  (ordering) => {
    const keys = names.map((list) =>
      list.flatMap(
        (text, index) => readVersion(ordering, text, tag('x', { createdAt: new Date(index % 3) })) ?? [],
      ),
    )

    it('is a total one: reflexive, antisymmetric and transitive', () => {
      fc.assert(
        fc.property(keys, (list) => {
          const sorted = list.toSorted(compareVersions)
          for (const [index, a] of sorted.entries()) {
            expect(compareVersions(a, a)).toBe(0)
            for (const b of sorted.slice(index + 1)) {
              expect(compareVersions(a, b)).toBeLessThanOrEqual(0)
              expect(Math.sign(compareVersions(b, a))).toBe(-Math.sign(compareVersions(a, b)) || 0)
            }
          }
        }),
      )
    })
  },
)

it('numbers are compared exactly, however long they are', () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 60n })
  fc.assert(
    fc.property(digits, digits, (a, b) => {
      const key = (value: bigint) => readVersion('numeric', `00${value}`, tag('x'))
      const [one, other] = [key(a), key(b)]
      if (!one || !other) throw new Error('a number is not read')
      expect(Math.sign(compareVersions(one, other))).toBe(a < b ? -1 : a > b ? 1 : 0)
    }),
  )
})

function keyOf(one: Tag, given: TagPolicyInput) {
  const prefix = given.prefix ?? ''
  if (!one.name.startsWith(prefix)) return null
  return readVersion(given.ordering ?? 'semver', one.name.slice(prefix.length), one)
}

function isNewer(one: Tag, other: Tag, given: TagPolicyInput): boolean {
  const [a, b] = [keyOf(one, given), keyOf(other, given)]
  return a !== null && b !== null && compareVersions(a, b) > 0
}
