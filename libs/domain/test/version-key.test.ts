import { describe, expect, it } from 'vitest'
import { type OrderingName, rankTags } from '../src/index.ts'
import { policy, tag } from './tags.ts'

/** Oldest first. */
function sort(ordering: OrderingName, names: readonly string[]): string[] {
  const { tags } = rankTags(
    names.map((name) => tag(name)),
    policy({ ordering }),
  )
  return tags.flatMap(({ tag: { name }, key }) => (key ? [name] : [])).reverse()
}

describe.each<[OrderingName, string[]]>([
  [
    'semver',
    [
      'v0.9.0',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      'v1.0.0',
      '1.10.0',
    ],
  ],
  [
    'calver',
    ['24.04', '2024.5.1', '2024.11', '2024-11-03', '20241104', '2025.1-rc.2', '2025.1-rc.10', 'v2025.1'],
  ],
  [
    'numeric',
    ['7', '42', 'v43', '99.9', '99.10', '100', '9007199254740993', '9007199254740994', '1'.repeat(100)],
  ],
  ['alphabetical', ['1', '10', '9', 'Z', 'a', 'b-1', 'b-10', 'b-9', 'é', '\u{ff5e}', '\u{1f680}']],
])('%s', (ordering, names) => {
  it('orders its tags', () => {
    expect(sort(ordering, [...names].reverse())).toEqual(names)
    expect(sort(ordering, [...names].sort())).toEqual(names)
  })
})

it.each<[OrderingName, string[]]>([
  ['semver', ['1.0', 'v1', '01.0.0', '1.0.0.0', 'release-1.0.0', `${'9'.repeat(20)}.0.0`]],
  ['calver', ['1.2.3', '999', '20241301', '20240100', '1969.1.1', 'today', '2024..1']],
  ['numeric', ['1-rc', 'a1', '1..2', '-1', '1e3', '0x10']],
])('%s knows what is none of its own', (ordering, names) => {
  for (const name of names) {
    const text = name.startsWith('-') ? `x${name}` : name.replace('..', '._')
    expect(sort(ordering, [text]), name).toEqual([])
  }
})

it('takes the tag that was made last, and of the same second the one with the higher numbers', () => {
  const at = (seconds: number) => ({ createdAt: new Date(seconds * 1_000) })
  const tags = [tag('v1.10', at(5)), tag('v1.9', at(5)), tag('zz', at(4)), tag('aa', at(6))]
  const { tags: ranked } = rankTags(tags, policy({ ordering: 'created' }))
  expect(ranked.map(({ tag: { name } }) => name)).toEqual(['aa', 'v1.10', 'v1.9', 'zz'])
})

it('lets the name that sorts first go first where versions are the same', () => {
  const names = ['v1.0.0', '1.0.0', '1.0.0+b', '1.0.0+a']
  const { tags } = rankTags(
    names.map((name) => tag(name)),
    policy(),
  )
  expect(tags.map(({ tag: { name } }) => name)).toEqual(['1.0.0+b', '1.0.0+a', '1.0.0', 'v1.0.0'])
})

it('ranks 100,000 tags in little time, and by a hostile pattern as well', { timeout: 120_000 }, () => {
  const tags = Array.from({ length: 100_000 }, (_, n) => tag(`v${n % 7}.${n % 1_000}.${n}`))
  const seconds = (work: () => unknown) => {
    const before = process.cpuUsage()
    work()
    const { user } = process.cpuUsage(before)
    return user / 1e6
  }
  expect(seconds(() => rankTags(tags, policy()))).toBeLessThan(10)
  const hostile = policy({ include: '^(v?(a|aa|\\d|\\d\\.)+)+$', exclude: '(x+x+)+y' })
  expect(seconds(() => rankTags(tags, hostile))).toBeLessThan(20)
})
