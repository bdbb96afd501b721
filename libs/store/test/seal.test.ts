import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newSecretKey, parseSecretKey, seal, sealBytes, unseal } from '../src/config/seal.ts'

const key = parseSecretKey(newSecretKey(), 'the test')
const place = { appId: 'a1', name: 'DATABASE_URL', version: 3 }
const value = 'postgres://shop:päss\nword@db/shop'

describe('a sealed value', () => {
  it('opens at its place, and has the length of its value', () => {
    const sealed = seal(key, place, value)
    expect(sealed.length).toBe(sealBytes + Buffer.byteLength(value))
    expect(unseal(key, place, { keyId: key.id, sealed })).toBe(value)
  })

  it('is another one each time, without the value in it', () => {
    const [first, second] = [seal(key, place, value), seal(key, place, value)]
    expect(first.equals(second)).toBe(false)
    expect(first.includes('shop')).toBe(false)
  })

  it.each([
    ['app', { ...place, appId: 'a2' }],
    ['name', { ...place, name: 'DATABASE_UR' }],
    ['version', { ...place, version: 4 }],
  ])('does not open under another %s', (_what, other) => {
    const sealed = seal(key, place, value)
    expect(() => unseal(key, other, { keyId: key.id, sealed })).toThrow(
      expect.objectContaining({ code: 'secret.damaged' }),
    )
  })

  it('does not open once any byte of it was changed', () => {
    const sealed = seal(key, place, value)
    for (const at of sealed.keys()) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => unseal(key, place, { keyId: key.id, sealed: changed })).toThrow(
        expect.objectContaining({ code: 'secret.damaged' }),
      )
    }
  })

  it('tells a wrong key from a damaged value, and names both keys', () => {
    const other = parseSecretKey(newSecretKey(), 'the test')
    const sealed = seal(key, place, value)
    expect(() => unseal(other, place, { keyId: key.id, sealed })).toThrow(
      expect.objectContaining({
        code: 'secret.wrongKey',
        message: expect.stringMatching(`DATABASE_URL@3 .*${key.id}.*${other.id}`),
      }),
    )
  })
})

describe('the key', () => {
  it('is the same with and without padding and a line break', () => {
    const text = newSecretKey()
    expect(parseSecretKey(`${text.replace(/=+$/, '')}\n`, 'x').id).toBe(parseSecretKey(text, 'x').id)
  })

  it.each([
    ['nothing', ''],
    ['too short', randomBytes(16).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['words', 'correct horse battery staple, said the key'],
  ])('%s is refused, without being told', (_what, text) => {
    expect(() => parseSecretKey(text, 'TAGSHIP_SECRET_KEY')).toThrow(
      expect.objectContaining({
        code: 'secret.keyInvalid',
        message: 'TAGSHIP_SECRET_KEY does not hold 32 bytes in base64',
      }),
    )
  })
})
