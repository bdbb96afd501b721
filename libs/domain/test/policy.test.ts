import { describe, expect, it } from 'vitest'
import {
  chooseTag,
  decide,
  explainVerdict,
  judgeTags,
  mostExamined,
  type PolicyContext,
  parseTagName,
  rankTags,
  type Tag,
  type TagFinding,
  type TagPolicyInput,
  tagRules,
  verdictAt,
} from '../src/index.ts'
import { attempts, commitOf, context, live, moved, policy, tag, verdicts } from './tags.ts'

const choose = (tags: readonly Tag[], about: PolicyContext, rules: TagPolicyInput = {}) =>
  chooseTag(tags, policy(rules), about)?.name ?? null

describe('the tag policy', () => {
  it('takes the newest version and says why the others are passed over', () => {
    const tags = [tag('v1.2.0'), tag('v1.10.0'), tag('nightly'), tag('v2.0.0-rc.1'), tag('1.9.0')]
    expect(verdicts(tags, {}, context())).toEqual({
      'v1.10.0': 'chosen',
      '1.9.0': 'older than chosen',
      'v1.2.0': 'older than chosen',
      'v2.0.0-rc.1': 'prerelease',
      nightly: 'not a version',
    })
  })

  it('stays inside its range', () => {
    expect(verdicts([tag('v2.0.0'), tag('v1.4.0'), tag('v2.0.0-rc.1')], { range: '^1' }, context())).toEqual({
      'v2.0.0': 'not in range',
      'v2.0.0-rc.1': 'not in range',
      'v1.4.0': 'chosen',
    })
  })

  it('takes prereleases where it says so, or where the range names one', () => {
    const tags = [tag('v2.0.0-rc.1'), tag('v2.0.0-beta.2'), tag('v2.0.0-beta10'), tag('v1.0.0')]
    expect(choose(tags, context())).toBe('v1.0.0')
    expect(choose(tags, context(), { range: '>=2.0.0-0' })).toBe('v2.0.0-rc.1')
    expect(choose(tags, context(), { prereleases: 'allow' })).toBe('v2.0.0-rc.1')
    expect(choose(tags, context(), { prereleases: 'channel:beta' })).toBe('v2.0.0-beta10')
    expect(choose(tags, context(), { prereleases: 'channel:alpha' })).toBe('v1.0.0')
    expect(choose([...tags, tag('v2.0.0')], context(), { prereleases: 'channel:beta' })).toBe('v2.0.0')
  })

  it('knows its own tags by prefix and pattern', () => {
    const tags = ['web-v1.2.0', 'web-v1.3.0-hotfix', 'api-v9.0.0', 'release/1.9.0', 'v3.0.0'].map((name) =>
      tag(name),
    )
    expect(verdicts(tags, { prefix: 'web-' }, context())).toEqual({
      'web-v1.3.0-hotfix': 'prerelease',
      'web-v1.2.0': 'chosen',
      'api-v9.0.0': 'other prefix',
      'release/1.9.0': 'other prefix',
      'v3.0.0': 'other prefix',
    })
    expect(choose(tags, context(), { include: '^release/(?<version>.+)$' })).toBe('release/1.9.0')
    expect(choose(tags, context(), { include: '(?P<version>\\d+\\.\\d+\\.\\d+)$', exclude: '^v' })).toBe(
      'api-v9.0.0',
    )
    expect(verdicts(tags, { include: '^v', exclude: '3' }, context())).toMatchObject({
      'v3.0.0': 'excluded',
      'api-v9.0.0': 'not included',
    })
  })

  it('takes only annotated tags where it has to', () => {
    const tags = [tag('v1.1.0'), tag('v1.0.0', { annotated: true })]
    expect(verdicts(tags, { requireAnnotated: true }, context())).toEqual({
      'v1.1.0': 'not annotated',
      'v1.0.0': 'chosen',
    })
  })

  it('never goes back by itself: not to an older tag, not to one that failed, was moved or deleted', () => {
    const about = context({
      live: live('v1.5.0'),
      attempted: attempts({ 'v1.5.0': 'served', 'v1.6.0': 'failed' }),
    })
    const gone = tag('v1.8.0', { deletedAt: new Date(0) })
    const tags = [tag('v1.5.0'), tag('v1.6.0'), tag('v1.4.9'), moved('v1.7.0'), gone, tag('v1.5.0+2')]
    expect(choose(tags, about)).toBeNull()
    expect(verdicts(tags, {}, about)).toEqual({
      'v1.8.0': 'deleted',
      'v1.7.0': 'moved',
      'v1.6.0': 'failed before',
      'v1.5.0+2': 'older than live',
      'v1.5.0': 'live',
      'v1.4.9': 'older than live',
    })
  })

  it('does not fall back to an older tag when a newer one has failed, was canceled or rolled back', () => {
    for (const outcome of ['failed', 'canceled', 'rolledBack', 'served'] as const) {
      const attempted = attempts({ 'v1.0.0': 'served', 'v1.3.0': outcome })
      const about = context({ live: live('v1.0.0'), attempted })
      const tags = [tag('v1.0.0'), tag('v1.2.0'), tag('v1.3.0')]
      expect(verdicts(tags, {}, about)).toMatchObject({ 'v1.2.0': 'older than deployed' })
      expect(choose([...tags, tag('v1.3.1')], about)).toBe('v1.3.1')
    }
  })

  it('lets another range begin a line of its own after a rollback', () => {
    const attempted = attempts({ 'v1.4.0': 'served', 'v2.0.0': 'rolledBack' })
    const about = context({ live: live('v1.4.0'), attempted })
    const tags = [tag('v1.4.0'), tag('v1.4.1'), tag('v2.0.0')]
    expect(choose(tags, about)).toBeNull()
    expect(choose(tags, about, { range: '^1' })).toBe('v1.4.1')
  })

  it('is silent on hold, and says so of the one that it would deploy', () => {
    const tags = [tag('v1.0.0'), tag('v1.1.0')]
    expect(verdicts(tags, {}, context({ onHold: true }))).toEqual({
      'v1.1.0': 'on hold',
      'v1.0.0': 'older than chosen',
    })
    expect(choose(tags, context({ onHold: true }))).toBeNull()
  })

  it('does not return to what a rollback undid: only a newer tag follows', () => {
    const about = context({
      live: live('v1.0.0'),
      attempted: attempts({ 'v1.0.0': 'served', 'v1.1.0': 'served' }),
    })
    expect(choose([tag('v1.0.0'), tag('v1.1.0')], about)).toBeNull()
    expect(choose([tag('v1.0.0'), tag('v1.1.0'), tag('v1.2.0')], about)).toBe('v1.2.0')
  })

  it('lets nothing older overtake what is under way', () => {
    const about = context({
      live: live('v1.0.0'),
      attempted: attempts({ 'v1.0.0': 'served', 'v2.0.0': 'underWay' }),
    })
    const tags = [tag('v1.0.0'), tag('v1.5.0'), tag('v2.0.0')]
    expect(choose(tags, about)).toBeNull()
    expect(verdicts(tags, {}, about)).toMatchObject({ 'v2.0.0': 'under way', 'v1.5.0': 'older than chosen' })
    expect(choose([...tags, tag('v2.1.0')], about)).toBe('v2.1.0')
  })

  it('takes the newest of the tags that were there from the first', () => {
    const first = [tag('v1.0.0', { baseline: true }), tag('v1.9.0', { baseline: true })]
    expect(verdicts(first, {}, context())).toEqual({ 'v1.9.0': 'chosen', 'v1.0.0': 'older than chosen' })
  })

  it('begins with the next tag where it is told to, and with nothing older than what was there', () => {
    const about = context({ fromNext: true })
    const first = [tag('v1.0.0', { baseline: true }), tag('v1.9.0', { baseline: true })]
    expect(verdicts([...first, tag('v1.8.1')], {}, about)).toEqual({
      'v1.9.0': 'older than first seen',
      'v1.8.1': 'older than first seen',
      'v1.0.0': 'older than first seen',
    })
    expect(choose([...first, tag('v1.9.1')], about)).toBe('v1.9.1')
  })

  it('goes by where a moved tag was first, or follows it, where it is told to', () => {
    const about = context({ live: live('v1.0.0'), attempted: attempts({ 'v1.0.0': 'served' }) })
    const tags = [moved('v1.0.0'), moved('v1.1.0', 'c')]
    expect(verdicts(tags, {}, about)).toEqual({ 'v1.1.0': 'moved', 'v1.0.0': 'moved' })
    expect(verdicts(tags, { onMove: 'ignore' }, about)).toEqual({ 'v1.1.0': 'chosen', 'v1.0.0': 'live' })
    expect(verdicts([moved('v1.0.0')], { onMove: 'redeploy' }, about)).toEqual({ 'v1.0.0': 'chosen' })
    const twice = new Set<string>([commitOf('a'), commitOf('b')])
    const again = context({
      live: live('v1.0.0', 'b'),
      attempted: new Map([['v1.0.0', { last: 'served', commits: twice }]]),
    })
    expect(verdicts([moved('v1.0.0')], { onMove: 'redeploy' }, again)).toEqual({ 'v1.0.0': 'live' })
    const back = tag('v1.0.0', { movedTo: commitOf('b') })
    expect(verdicts([back], { onMove: 'redeploy' }, again)).toEqual({ 'v1.0.0': 'deployed before' })
  })

  it('does not redeploy a moved tag that is older than what is live', () => {
    const about = context({
      live: live('v1.1.0'),
      attempted: attempts({ 'v1.0.0': 'served', 'v1.1.0': 'served' }),
    })
    const tags = [moved('v1.0.0'), tag('v1.1.0')]
    expect(verdicts(tags, { onMove: 'redeploy' }, about)).toMatchObject({ 'v1.0.0': 'older than live' })
  })
})

describe('what only git can tell', () => {
  const finding = (
    name: string,
    kind: TagFinding['kind'],
    outcome: TagFinding['outcome'],
    basis = 'tag',
  ): TagFinding => ({
    ...{ tag: parseTagName(name), kind, outcome, basis, why: `says ${outcome}` },
    refSha: '0'.repeat(40),
    commit: commitOf('a'),
  })
  const decided = (tags: readonly Tag[], rules: TagPolicyInput, about: PolicyContext) =>
    decide(rankTags(tags, policy(rules)), about)

  it('is asked of the tag that would be chosen, and of the next where it is not signed', () => {
    const tags = [tag('v1.2.0'), tag('v1.1.0'), tag('v1.0.0')]
    const first = decided(tags, { verify: 'tag' }, context())
    expect(first).toMatchObject({
      chosen: null,
      missing: { kind: 'signature', basis: 'tag', tag: { name: 'v1.2.0' } },
    })
    const findings = [finding('v1.2.0', 'signature', 'unsigned')]
    const second = decided(tags, { verify: 'tag' }, context({ findings }))
    expect(second).toMatchObject({ chosen: null, missing: { tag: { name: 'v1.1.0' } } })
    const all = context({ findings: [...findings, finding('v1.1.0', 'signature', 'passed')] })
    expect(verdicts(tags, { verify: 'tag' }, all)).toEqual({
      'v1.2.0': 'unsigned',
      'v1.1.0': 'chosen',
      'v1.0.0': 'older than chosen',
    })
    // Another question, or another tag object under the name: what was found out says nothing.
    expect(decided(tags, { verify: 'both' }, all).missing?.tag.name).toBe('v1.2.0')
    const other = [tag('v1.2.0', { refSha: '1'.repeat(40) })]
    expect(decided(other, { verify: 'tag' }, all).missing?.tag.name).toBe('v1.2.0')
  })

  it('is not asked on hold, and not of more tags than is reasonable', () => {
    const tags = Array.from({ length: 50 }, (_, n) => tag(`v1.${n}.0`))
    expect(decided(tags, { verify: 'tag' }, context({ onHold: true })).missing).toBeNull()
    const findings = tags.map(({ name }) => finding(name, 'signature', 'wrong signature'))
    const decision = decided(tags, { verify: 'tag' }, context({ findings }))
    expect(decision).toMatchObject({ chosen: null, missing: null, head: { place: mostExamined } })
    expect(verdictAt(decision, 0).verdict).toBe('wrong signature')
    expect(verdictAt(decision, mostExamined).verdict).toBe('not looked at')
  })

  it('passes over a tag that changed nothing, and all before it', () => {
    const rules = { paths: ['services/web/**'] }
    const tags = [tag('v1.2.0'), tag('v1.1.0'), tag('v1.0.0')]
    const about = context({ live: live('v1.0.0'), attempted: attempts({ 'v1.0.0': 'served' }) })
    const { missing } = decided(tags, rules, about)
    expect(missing).toMatchObject({ kind: 'paths', tag: { name: 'v1.2.0' } })
    const findings = [finding('v1.2.0', 'paths', 'nothing changed', missing?.basis)]
    expect(verdicts(tags, rules, { ...about, findings })).toEqual({
      'v1.2.0': 'nothing changed',
      'v1.1.0': 'older than chosen',
      'v1.0.0': 'live',
    })
    // With nothing live, every tag is news.
    expect(choose(tags, context(), rules)).toBe('v1.2.0')
  })

  it('does not let an unsigned tag that changes nothing keep out the signed ones', () => {
    const rules: TagPolicyInput = { paths: ['web'], verify: 'tag' }
    const about = context({ live: live('v1.0.0'), attempted: attempts({ 'v1.0.0': 'served' }) })
    const findings = [finding('v9.0.0', 'signature', 'unsigned'), finding('v1.1.0', 'signature', 'passed')]
    const tags = [tag('v9.0.0'), tag('v1.1.0'), tag('v1.0.0')]
    expect(decided(tags, rules, { ...about, findings }).missing).toMatchObject({
      kind: 'paths',
      tag: { name: 'v1.1.0' },
    })
  })
})

describe('an explanation', () => {
  const explain = (name: string, tags: readonly Tag[], rules: TagPolicyInput, about: PolicyContext) => {
    const decision = decide(rankTags(tags, policy(rules)), about)
    return explainVerdict(decision, decision.ranking.placeOf.get(name) ?? -1)
  }
  const tags = [tag('v1.0.0'), tag('v1.1.0'), tag('v2.0.0'), tag('nightly')]
  const about = context({ live: live('v1.0.0'), attempted: attempts({ 'v1.0.0': 'served' }) })

  it('asks every rule, in one order', () => {
    for (const name of ['v1.0.0', 'v1.1.0', 'v2.0.0', 'nightly']) {
      expect(explain(name, tags, { range: '^1' }, about).map(({ rule }) => rule)).toEqual(tagRules)
    }
  })

  it('says by which rule a tag is refused, and agrees with the verdict', () => {
    const refused = (name: string) =>
      explain(name, tags, { range: '^1' }, about).find(({ outcome }) => outcome === 'refused')
    expect(refused('v2.0.0')).toEqual({ rule: 'range', outcome: 'refused', why: 'it is not in ^1' })
    expect(refused('nightly')?.rule).toBe('version')
    expect(refused('v1.0.0')?.rule).toBe('tried')
    expect(refused('v1.1.0')).toBeUndefined()
    const judged = judgeTags(tags, policy({ range: '^1' }), about)
    for (const {
      tag: { name },
      verdict,
      why,
    } of judged) {
      if (verdict !== 'chosen') expect(refused(name)?.why, name).toBe(why)
    }
  })

  it('says of the hold and of a newer tag only where they decide', () => {
    const steps = explain('v1.1.0', tags, { range: '^1' }, { ...about, onHold: true })
    expect(steps.find(({ rule }) => rule === 'hold')).toMatchObject({ outcome: 'refused' })
    expect(steps.find(({ rule }) => rule === 'signature')).toMatchObject({ outcome: 'skipped' })
    const older = explain('v1.1.0', tags, {}, about)
    expect(older.find(({ rule }) => rule === 'newest')).toMatchObject({
      outcome: 'refused',
      why: 'v2.0.0 is newer, and chosen',
    })
  })
})
