import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAppName, parseHostName, parseReleaseName, parseRepoUrl, parseTagName } from '../src/index.ts'

describe('names from outside', () => {
  it.each(['shop', 'a1', 'my-app-2', 'a'.repeat(40)])('takes %s as an app', (name) => {
    expect(parseAppName(name)).toBe(name)
  })

  it.each(['', 'a', 'Shop', '1shop', 'shop-', 'sh op', 'shop/..', 'shop\n', 'a'.repeat(41), '--help'])(
    'refuses %j as an app',
    (name) => {
      expect(() => parseAppName(name)).toThrowError('cannot be the name of an app')
    },
  )

  it.each(['v1.2.3', 'release/2026-11', 'web-v1.0.0', 'ä', 'v1.0.0+build.5'])('takes %s as a tag', (name) => {
    expect(parseTagName(name)).toBe(name)
  })

  it.each([
    '',
    'v1 0',
    'v1"',
    "v1'",
    'v1\n2',
    'v1\u0000',
    '--upload-pack=touch /tmp/x',
    '-v',
    'a..b',
    'a//b',
    '/a',
    'a/',
    '.a',
    'a.lock',
    'a@{b',
    'a$(b)',
    'a`b`',
    'x'.repeat(200),
  ])('refuses %j as a tag', (name) => {
    expect(() => parseTagName(name)).toThrowError('cannot be deployed as a tag')
  })

  it('lets no tag through that could be an option, end a line or start a shell', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        let accepted: string
        try {
          accepted = parseTagName(text)
        } catch {
          return
        }
        expect(accepted).not.toMatch(/^-|[\s\p{Cc}"'`$\\~^:?*[]/u)
        expect(accepted.length).toBeLessThanOrEqual(128)
      }),
    )
  })

  it.each(['shop.example.com', 'SHOP.example.com', 'localhost', 'x.localhost'])(
    'takes %s as a host',
    (host) => {
      expect(parseHostName(host)).toBe(host.toLowerCase())
    },
  )

  it.each([
    '',
    'a b',
    'http://x',
    'x:80',
    '-x',
    'x-',
    'a..b',
    'next.shop.example.com',
    `${'a'.repeat(64)}.de`,
  ])('refuses %j as a host', (host) => {
    expect(() => parseHostName(host)).toThrowError('"')
  })

  it.each([
    'https://example.com/a.git',
    'ssh://git@example.com/a',
    'git@example.com:a/b.git',
    'file:///srv/a',
  ])('takes %s as a repository', (url) => {
    expect(parseRepoUrl(url)).toBe(url)
  })

  it.each(['', '--upload-pack=x', 'ext::sh -c x', '/srv/a', 'ftp://x/y', 'https://x y', 'git@host:'])(
    'refuses %j as a repository',
    (url) => {
      expect(() => parseRepoUrl(url)).toThrowError('is not a repository URL')
    },
  )

  it('reads release names', () => {
    expect(['v12', 'v0', 'v012', '12', 'v1.0', 'v99999999999'].map(parseReleaseName)).toEqual([
      12,
      null,
      null,
      null,
      null,
      null,
    ])
  })
})
