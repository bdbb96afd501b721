import fc from 'fast-check'
import { compare } from 'semver'
import { describe, expect, it } from 'vitest'
import {
  chooseTag,
  judgeTags,
  type PolicyContext,
  parseCommitSha,
  parseTagName,
  parseTagPolicy,
  type Tag,
  versionOf,
} from '../src/index.ts'

const tag = (name: string, more: Partial<Tag> = {}): Tag => ({
  name: parseTagName(name),
  refSha: '0'.repeat(40),
  commit: parseCommitSha('a'.repeat(40)),
  annotated: false,
  firstSeenAt: new Date(0),
  baseline: false,
  movedTo: null,
  deletedAt: null,
  ...more,
})

const context = (more: Partial<PolicyContext> = {}): PolicyContext => ({
  policy: parseTagPolicy('*'),
  onHold: false,
  liveTag: null,
  attempted: new Map(),
  ...more,
})

const verdicts = (tags: Tag[], about: PolicyContext) =>
  Object.fromEntries(judgeTags(tags, about).map(({ tag: { name }, verdict }) => [name, verdict]))

describe('the tag policy', () => {
  it('takes the newest version and says why the others are passed over', () => {
    const tags = [tag('v1.2.0'), tag('v1.10.0'), tag('nightly'), tag('v2.0.0-rc.1'), tag('1.9.0')]
    expect(verdicts(tags, context())).toEqual({
      'v1.10.0': 'chosen',
      '1.9.0': 'older than chosen',
      'v1.2.0': 'older than chosen',
      'v2.0.0-rc.1': 'prerelease',
      nightly: 'not a version',
    })
  })

  it('stays inside its range', () => {
    const about = context({ policy: parseTagPolicy('^1') })
    expect(verdicts([tag('v2.0.0'), tag('v1.4.0')], about)).toEqual({
      'v2.0.0': 'not in range',
      'v1.4.0': 'chosen',
    })
  })

  it('takes a prerelease where the range names one', () => {
    const about = context({ policy: parseTagPolicy('>=2.0.0-0') })
    expect(chooseTag([tag('v2.0.0-rc.1')], about)?.name).toBe('v2.0.0-rc.1')
  })

  it('never goes back by itself: not to an older tag, not to one that failed, not to one that was moved', () => {
    const about = context({
      liveTag: parseTagName('v1.5.0'),
      attempted: new Map([
        ['v1.5.0', 'served'],
        ['v1.6.0', 'failed'],
      ]),
    })
    const tags = [tag('v1.5.0'), tag('v1.6.0'), tag('v1.4.9'), tag('v1.7.0', { movedTo: 'b'.repeat(40) })]
    expect(chooseTag(tags, about)).toBeNull()
    expect(verdicts(tags, about)).toEqual({
      'v1.7.0': 'moved',
      'v1.6.0': 'failed before',
      'v1.5.0': 'live',
      'v1.4.9': 'older than live',
    })
  })

  it('is silent on hold, and says so', () => {
    const judged = judgeTags([tag('v1.0.0')], context({ onHold: true }))
    expect(judged[0]?.verdict).toBe('on hold')
    expect(chooseTag([tag('v1.0.0')], context({ onHold: true }))).toBeNull()
  })

  it('does not return to what a rollback undid: only a newer tag follows', () => {
    const about = context({
      liveTag: parseTagName('v1.0.0'),
      attempted: new Map([
        ['v1.0.0', 'served'],
        ['v1.1.0', 'served'],
      ]),
    })
    expect(chooseTag([tag('v1.0.0'), tag('v1.1.0')], about)).toBeNull()
    expect(chooseTag([tag('v1.0.0'), tag('v1.1.0'), tag('v1.2.0')], about)?.name).toBe('v1.2.0')
  })

  it('lets nothing older overtake what is under way', () => {
    const about = context({
      liveTag: parseTagName('v1.0.0'),
      attempted: new Map([
        ['v1.0.0', 'served'],
        ['v2.0.0', 'underWay'],
      ]),
    })
    const tags = [tag('v1.0.0'), tag('v1.5.0'), tag('v2.0.0')]
    expect(chooseTag(tags, about)).toBeNull()
    expect(verdicts(tags, about)).toMatchObject({ 'v2.0.0': 'under way', 'v1.5.0': 'older than chosen' })
    expect(chooseTag([...tags, tag('v2.1.0')], about)?.name).toBe('v2.1.0')
  })

  it('refuses what is no range', () => {
    expect(() => parseTagPolicy('newest')).toThrowError('"newest" is not a semver range')
  })

  const names = fc.uniqueArray(
    fc
      .tuple(fc.boolean(), fc.nat(30), fc.nat(30), fc.nat(30))
      .map(([v, major, minor, patch]) => `${v ? 'v' : ''}${major}.${minor}.${patch}`),
    { maxLength: 30 },
  )

  it('chooses the same tag in whatever order the tags arrive', () => {
    fc.assert(
      fc.property(names, fc.integer(), (list, seed) => {
        const tags = list.map((name) => tag(name))
        const shuffled = tags.map((item, index) => ({ item, key: (index * 7919 + seed) % 101 }))
        shuffled.sort((a, b) => a.key - b.key)
        const other = shuffled.map(({ item }) => item)
        expect(chooseTag(other, context())?.name).toBe(chooseTag(tags, context())?.name)
      }),
    )
  })

  it('never chooses a version that is not newer than the live one', () => {
    fc.assert(
      fc.property(names, fc.nat(30), (list, major) => {
        const live = `v${major}.0.0`
        const about = context({ liveTag: parseTagName(live), attempted: new Map([[live, 'served']]) })
        const chosen = chooseTag(
          list.map((name) => tag(name)),
          about,
        )
        const version = chosen && versionOf(chosen.name)
        if (version) expect(compare(version, `${major}.0.0`)).toBe(1)
      }),
    )
  })
})
