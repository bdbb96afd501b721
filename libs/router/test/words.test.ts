import { expect, test } from 'vitest'
import { addressOf, list, word } from '../src/haproxy/words.ts'

const invalid = expect.objectContaining({ code: 'input.invalid' })

test.each(['', 'a b', 'a;b', 'a\nb', 'a,b', 'a=b', '-', '-a', "a'b", 'ä', '<<'])('%j is no word', (text) => {
  expect(() => word(text)).toThrow(invalid)
})

test.each(['shop', 'tagship-0a1b2c3d-shop-12-web-0', 'shop.example.com', 'xn--bcher-kva.test'])(
  '%s is one',
  (text) => {
    expect(word(text)).toBe(text)
  },
)

test('a list has a limit, so that no command is cut short', () => {
  expect(list([])).toBe('-')
  expect(list(['a', 'b'])).toBe('a,b')
  expect(() => list(Array(100).fill('x'.repeat(200)))).toThrow(invalid)
})

test('an address is an IP address and a port', () => {
  expect(addressOf({ name: 'a', address: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80')
  expect(addressOf({ name: 'a', address: 'fd00::1', port: 80 })).toBe('[fd00::1]:80')
  for (const address of ['', 'localhost', '10.0.0.1 weight 0', '1.2.3']) {
    expect(() => addressOf({ name: 'a', address, port: 80 })).toThrow(invalid)
  }
  for (const port of [0, -1, 1.5, 65_536, Number.NaN]) {
    expect(() => addressOf({ name: 'a', address: '10.0.0.1', port })).toThrow(invalid)
  }
})
