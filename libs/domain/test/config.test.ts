import { describe, expect, it } from 'vitest'
import {
  checkConfigSize,
  differingNames,
  type errorCatalogue,
  parseConfigName,
  parseConfigValue,
  refuseOtherKind,
} from '../src/index.ts'

const name = parseConfigName('TOKEN')
const refusal = (code: keyof typeof errorCatalogue, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('a name of config', () => {
  it.each(['A', '_', 'DATABASE_URL', 'path2', 'x'.repeat(128), 'constructor', 'PORTS'])(
    '%s is one',
    (text) => {
      expect(parseConfigName(text)).toBe(text)
    },
  )

  it.each(['', '1ST', 'A-B', 'A B', 'A=B', 'ÄRGER', 'A\n', 'A\0', 'x'.repeat(129), '__proto__', '$(reboot)'])(
    '%j is none',
    (text) => {
      expect(() => parseConfigName(text)).toThrow(refusal('config.nameInvalid', 'cannot be the name'))
    },
  )

  it.each([
    ['PORT', 'processes.web.port'],
    ['TAGSHIP_RELEASE', 'TAGSHIP_'],
    ['TAGSHIP_', 'TAGSHIP_'],
  ])('%s is Tagship’s own, which is said', (text, why) => {
    expect(() => parseConfigName(text)).toThrow(refusal('config.nameReserved', why))
  })
})

describe('a value of config', () => {
  it.each(['', 'a=b', 'line\nline', '日本', '$HOME', 'x'.repeat(64 * 1024)])('%.20j is one', (value) => {
    expect(parseConfigValue('env', name, value)).toBe(value)
  })

  it.each([
    ['a\0b', 'TOKEN: .* NUL'],
    ['\ud800', 'TOKEN: .* Unicode'],
  ])('%j is none, and the value is not told', (value, why) => {
    expect(() => parseConfigValue('env', name, value)).toThrow(refusal('config.valueInvalid', why))
  })

  it('of a secret is not empty', () => {
    expect(() => parseConfigValue('secret', name, '')).toThrow(refusal('config.valueInvalid', 'empty'))
  })

  it('is measured in bytes, alone and together', () => {
    const long = 'é'.repeat(32 * 1024 + 1)
    expect(() => parseConfigValue('env', name, long)).toThrow(refusal('config.tooLarge', 'TOKEN has 65538'))
    expect(() => checkConfigSize('shop', 256 * 1024)).not.toThrow()
    expect(() => checkConfigSize('shop', 256 * 1024 + 1)).toThrow(refusal('config.tooLarge', 'shop'))
  })
})

describe('two snapshots', () => {
  it('differ in the names whose value, version or kind is another', () => {
    const a = { env: { SAME: '1', OTHER: '1', GONE: '1', KIND: '1' }, secrets: { TOKEN: 1, KEPT: 4 } }
    const b = { env: { SAME: '1', OTHER: '2', NEW: '' }, secrets: { TOKEN: 2, KEPT: 4, KIND: 1 } }
    expect(differingNames(a, b)).toEqual(['GONE', 'KIND', 'NEW', 'OTHER', 'TOKEN'])
    expect(differingNames(a, a)).toEqual([])
  })
})

it('says how to free a name for the other kind', () => {
  expect(() => refuseOtherKind(name, 'env', 'secret')).toThrow(
    refusal('config.nameTaken', '"TOKEN" is a secret; tagship secret unset'),
  )
  expect(() => refuseOtherKind(name, 'env', null)).not.toThrow()
})
