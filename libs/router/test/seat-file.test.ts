import { describe, expect, test } from 'vitest'
import { emptySeatFile, parseSeatFile } from '../src/haproxy/seat-file.ts'

const whole = `# tagship seats 2
# seat 1 app=shop version=7 fence=9007199254740993 live=green backup=blue hosts=shop.test,www.shop.test
backend s1-blue from slot
  server shop-1 10.0.0.1:8080
backend s1-green from slot
  server shop-2 [fd00::2]:8080
  server shop-3 10.0.0.3:8080
# seat 2 app=- fence=0 live=- backup=- hosts=-
backend s2-blue from slot
backend s2-green from slot
# end
`

test('reads what the router writes', () => {
  expect(parseSeatFile(whole)).toEqual([
    {
      number: 1,
      app: 'shop',
      version: 7,
      fence: 9007199254740993n,
      live: 'green',
      backup: 'blue',
      hosts: ['shop.test', 'www.shop.test'],
      targets: {
        blue: [{ name: 'shop-1', address: '10.0.0.1', port: 8080 }],
        green: [
          { name: 'shop-2', address: 'fd00::2', port: 8080 },
          { name: 'shop-3', address: '10.0.0.3', port: 8080 },
        ],
      },
    },
    {
      number: 2,
      app: null,
      version: 0,
      fence: 0n,
      live: null,
      backup: null,
      hosts: [],
      targets: { blue: [], green: [] },
    },
  ])
  expect(parseSeatFile(emptySeatFile(0))).toEqual([])
  expect(parseSeatFile(emptySeatFile(2))).toMatchObject([
    { number: 1, app: null },
    { number: 2, app: null },
  ])
})

test('knows a file that was cut short anywhere', () => {
  // The last line may lack its end: an answer of the socket does.
  for (let length = 0; length < whole.length - 1; length += 1) {
    expect(parseSeatFile(whole.slice(0, length)), `the first ${length} characters`).toBeNull()
  }
})

describe('knows a file with', () => {
  test.each([
    ['a line missing', whole.replace('backend s1-green from slot\n', '')],
    ['a seat missing', whole.replace(/# seat 2[^#]*/, '')],
    ['a line too many', whole.replace('# seat 2', 'nonsense\n# seat 2')],
    ['a port that is none', whole.replace('10.0.0.1:8080', '10.0.0.1:http')],
    ['seats in another order', whole.replace('# seat 1 ', '# seat 3 ')],
    ['zeros', whole.replace('  server shop-1', '\0\0')],
  ])('%s', (_, text) => {
    expect(text).not.toBe(whole)
    expect(parseSeatFile(text)).toBeNull()
  })
})
