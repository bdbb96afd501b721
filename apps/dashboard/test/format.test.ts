import { describe, expect, test } from 'vitest'
import { formatAge, formatBytes, formatMs } from '../src/data/format.ts'
import { piecesOf } from '../src/pages/deployment/logs/pieces.ts'

describe('figures as people read them', () => {
  test.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [9_949, '9.9 s'],
    [9_999, '10 s'],
    [59_949, '60 s'],
    [59_999, '1 m'],
    [192_000, '3 m 12 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 m'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [3_449, '3.4 kB'],
    [999_600, '1.0 MB'],
    [284_335_693, '284 MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test.each([
    [0, 'now'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [86_400_000, '1d'],
  ])('%d ms ago is %s', (ms, text) => {
    const now = Date.UTC(2026, 10, 24)
    expect(formatAge(new Date(now - ms), now)).toBe(text)
  })
})

describe('what is looked for in a line', () => {
  test('stands at the odd places, whatever its case', () => {
    expect(piecesOf('Error: no error', 'error')).toEqual(['', 'Error', ': no ', 'error', ''])
    expect(piecesOf('nothing', 'error')).toEqual(['nothing'])
  })
})
