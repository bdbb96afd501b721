import { describe, expect, it } from 'vitest'
import { parseAddress } from '../src/push/address.ts'
import { parseCgiHead } from '../src/push/cgi-head.ts'
import { judge } from '../src/push/tag-update.ts'
import { tokenOf } from '../src/push/token.ts'

describe('the address of a request', () => {
  it.each([
    ['GET', '/git/shop.git/info/refs?service=git-receive-pack', 'git-receive-pack'],
    ['GET', '/git/shop.git/info/refs?service=git-upload-pack', 'git-upload-pack'],
    ['POST', '/git/shop.git/git-receive-pack', 'git-receive-pack'],
    ['POST', '/git/shop.git/git-upload-pack', 'git-upload-pack'],
  ])('%s %s is served', (method, url, service) => {
    expect(parseAddress({ method, url })).toMatchObject({ app: 'shop', service })
  })

  it.each([
    ['GET', '/git/shop.git/info/refs'],
    ['GET', '/git/shop.git/info/refs?service=git-upload-archive'],
    ['GET', '/git/shop.git/info/refs?service=git-upload-pack&x=y'],
    ['GET', '/git/shop.git/HEAD'],
    ['GET', '/git/shop.git/objects/info/packs'],
    ['GET', '/git/shop.git/git-receive-pack'],
    ['POST', '/git/shop.git/info/refs?service=git-upload-pack'],
    ['PUT', '/git/shop.git/git-receive-pack'],
    ['GET', '/git/../shop.git/info/refs?service=git-upload-pack'],
    ['GET', '/git/%2e%2e.git/info/refs?service=git-upload-pack'],
    ['GET', '/git/Shop.git/info/refs?service=git-upload-pack'],
    ['GET', '/git/a/b.git/info/refs?service=git-upload-pack'],
    ['GET', '/'],
  ])('%s %s is not', (method, url) => {
    expect(parseAddress({ method, url })).toBeNull()
  })
})

describe('the token of a request', () => {
  const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`
  it.each([
    [basic('x:secret'), 'secret'],
    [basic('x:se:cret'), 'se:cret'],
    [basic('secret:'), 'secret'],
    [basic('secret'), 'secret'],
    [basic(':'), null],
    [basic(''), null],
    ['Bearer secret', null],
    ['Basic !', null],
    [undefined, null],
  ])('of %j is %j', (header, token) => {
    expect(tokenOf(header)).toBe(token)
  })
})

describe('the head of a CGI answer', () => {
  it('is parsed once it is there as a whole', () => {
    const text = 'Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nbody'
    expect(parseCgiHead(Buffer.from(text.slice(0, 30)))).toBeNull()
    expect(parseCgiHead(Buffer.from(text))).toEqual({
      status: 404,
      headers: [['Content-Type', 'text/plain']],
      length: text.length - 4,
    })
  })

  it('means 200 where it names no status', () => {
    expect(parseCgiHead(Buffer.from('Expires: 0\n\n'))).toMatchObject({ status: 200 })
  })
})

describe('a tag that is pushed', () => {
  const [none, one, two] = ['0', '1', '2'].map((digit) => digit.repeat(40)) as [string, string, string]
  const fresh = { name: 'v1.0.0', oldSha: none, oldCommit: null, newSha: one, newCommit: one }

  it('is taken when it is new', () => {
    expect(judge(fresh)).toEqual({ tag: { name: 'v1.0.0', commit: one, refSha: one, annotated: false } })
    expect(judge({ ...fresh, newSha: two })).toMatchObject({ tag: { annotated: true, commit: one } })
  })

  it.each([
    [
      { ...fresh, oldSha: two, oldCommit: `abc1234${one}`.slice(0, 40) },
      'v1.0.0 exists and points at abc1234; a tag is never moved: push a new one',
    ],
    [
      { ...fresh, oldSha: two, oldCommit: two, newSha: none, newCommit: null },
      'v1.0.0 exists and points at 2222222; a tag is never deleted: releases were made from it',
    ],
    [{ ...fresh, newCommit: null }, 'v1.0.0 does not point at a commit: tag a commit (git tag NAME COMMIT)'],
    [
      { ...fresh, name: '--upload-pack=x' },
      '"--upload-pack=x" cannot be deployed as a tag: it starts with a dash',
    ],
    [{ ...fresh, name: 'caf\ufffd' }, 'caf\ufffd is not valid UTF-8'],
  ])('is refused with a reason: %#', (update, refusal) => {
    expect(judge(update)).toEqual({ refusal })
  })
})
