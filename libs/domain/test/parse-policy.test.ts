import { describe, expect, it } from 'vitest'
import { defaultTagPolicy, parseRoot, parseTagPolicy, summarizePolicy } from '../src/index.ts'

describe('a policy from outside', () => {
  it('has a default for all that is not given, and keeps what was there', () => {
    expect(parseTagPolicy({})).toEqual(defaultTagPolicy)
    const first = parseTagPolicy({ prefix: 'web-', range: '^1' })
    expect(parseTagPolicy({ range: '^2' }, first)).toEqual({ ...first, range: '^2' })
  })

  it.each([
    [{ range: 'newest' }, 'tagRange.invalid', '"newest" is not a semver range'],
    [{ ordering: 'random' }, 'policy.invalid', 'ordering'],
    [{ order: 'semver' }, 'policy.invalid', 'order'],
    [{ include: '(a' }, 'policy.invalid', 'include: "(a" is no RE2 pattern: missing closing )'],
    [
      { exclude: '(?=x)' },
      'policy.invalid',
      'exclude: "(?=x)" is no RE2 pattern: invalid or unsupported Perl syntax',
    ],
    [{ exclude: '(a)\\1' }, 'policy.invalid', 'invalid escape sequence'],
    [{ include: '(?<tag>.*)' }, 'policy.invalid', 'only "version" means something'],
    [{ include: '(a{1,900}){1,20}' }, 'policy.invalid', 'include'],
    [{ include: '(a{90}b{90}c{90}){9}' }, 'policy.invalid', 'its repetitions are too large'],
    [{ prereleases: 'beta' }, 'policy.invalid', 'must be never, allow or channel:NAME'],
    [{ paths: ['../other'] }, 'policy.invalid', 'paths.0'],
    [{ paths: ['/etc/**'] }, 'policy.invalid', 'paths.0'],
    [{ paths: [':(exclude)x'] }, 'policy.invalid', 'paths.0'],
    [{ prefix: 'a b' }, 'policy.invalid', 'prefix'],
    [{ ordering: 'numeric', range: '^1' }, 'policy.invalid', 'range: "^1" is for the ordering semver'],
    [{ ordering: 'created', prereleases: 'allow' }, 'policy.invalid', 'prereleases'],
  ])('%j is refused', (input, code, words) => {
    expect(() => parseTagPolicy(input)).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    )
  })

  it('says in a few words what it is', () => {
    expect(summarizePolicy(parseTagPolicy({}))).toBe('*')
    const input = { ordering: 'numeric', prefix: 'build-', exclude: 'rc', paths: ['web/**'], verify: 'tag' }
    expect(summarizePolicy(parseTagPolicy(input))).toBe(
      'numeric, prefix build-, not /rc/, in web/**, signed tag',
    )
  })
})

describe('the folder of an app', () => {
  it('is one inside the repository', () => {
    expect(['', '.', 'services/web/', 'a'].map(parseRoot)).toEqual(['', '', 'services/web', 'a'])
    for (const bad of ['/etc', '../x', 'a/../b', 'a//b', '.git', 'a/.git/b', 'a\\b', 'a*', ':x']) {
      expect(() => parseRoot(bad), bad).toThrowError('is not a folder inside the repository')
    }
  })
})
