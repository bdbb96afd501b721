import type { FiguresJson } from '@tagship/api'
import { InvalidArgumentError } from 'commander'
import { expect, describe as group, test } from 'vitest'
import { describe, sinceMoment } from '../src/commands/figures.ts'

group('--since', () => {
  test.each([
    ['12h', 12],
    ['30d', 720],
    ['2w', 336],
  ])('%s is that long ago', (text, hours) => {
    expect(Date.now() - sinceMoment(text).getTime()).toBeCloseTo(hours * 3_600_000, -3)
  })

  test('may be a date', () => {
    expect(sinceMoment('2026-11-01').toISOString()).toBe('2026-11-01T00:00:00.000Z')
  })

  test.each(['soon', '', '30', '-1d', '99999d', '0d'])('%j is refused', (text) => {
    expect(() => sinceMoment(text)).toThrow(InvalidArgumentError)
  })
})

test('what is not known is told as such', () => {
  const none = { p50: null, p95: null, samples: 0 }
  const found: FiguresJson = {
    ...{ app: null, since: '2026-10-24T00:00:00.000Z', until: '2026-11-23T00:00:00.000Z' },
    deploymentFrequency: { perDay: 0, samples: 0 },
    leadTime: none,
    changeFailureRate: { rate: null, samples: 0, failures: 0 },
    timeToRestore: none,
    successRate: { rate: 0.5, samples: 2 },
    ...{ phases: [], toServing: { p50: 61_000, p95: 90_000, samples: 2 }, days: [], imageSizes: [] },
    imageBytes: none,
  }
  const text = describe(found).join('\n')
  expect(text).toMatch(/lead time +–/)
  expect(text).toMatch(/change failure rate +– \(0 of 0\)/)
  expect(text).toMatch(/success rate +50\.0 % of 2 attempts/)
  expect(text).toMatch(/until it serves +p50 1m 01s, p95 1m 30s \(2\)/)
})
