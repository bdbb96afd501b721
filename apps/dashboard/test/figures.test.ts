import { describe, expect, it } from 'vitest'
import { dayOr, oneOf, textOr } from '../src/data/search.ts'
import { detailText } from '../src/pages/audit/detail-text.ts'
import { columnsOf } from '../src/pages/figures/day-columns.ts'
import { formatFrequency, formatShare } from '../src/pages/figures/numbers.ts'
import { trafficColumns } from '../src/pages/figures/traffic-columns.ts'

function days(count: number) {
  const first = Date.UTC(2026, 0, 1)
  return Array.from({ length: count }, (_, index) => ({
    day: new Date(first + index * 86_400_000).toISOString().slice(0, 10),
    served: 2,
    failed: index % 2,
    rolledBack: 0,
  }))
}

describe('columns of days', () => {
  it('has one a day', () => {
    const columns = columnsOf(days(3))
    expect(columns.map(({ key }) => key)).toEqual(['2026-01-01', '2026-01-02', '2026-01-03'])
    expect(columns[1]?.says).toBe('2 served, 0 rolled back, 1 failed')
  })

  it('has one a week in a long window, the newest a whole one, and loses nothing', () => {
    const columns = columnsOf(days(365))
    const served = columns.map(({ parts }) => parts[0]?.amount ?? 0)
    expect(columns).toHaveLength(53)
    expect(served.at(-1)).toBe(14)
    expect(served.reduce((sum, amount) => sum + amount, 0)).toBe(730)
  })
})

it('says of each step which slot answered', () => {
  const columns = trafficColumns({
    app: 'shop',
    from: '2026-11-24T10:00:00.000Z',
    step: 1_200,
    slots: [
      { slot: 'blue', requests: [10, 0], errors: [2, 0], responseMs: [12, null] },
      { slot: 'green', requests: [0, 7], errors: [0, 0], responseMs: [null, 5] },
    ],
  })
  expect(columns.map(({ says }) => says)).toEqual(['blue 10, 2 errors, 12 ms', 'green 7, 5 ms'])
})

it.each([
  [3.24, '3.2 a day'],
  [0.5, '3.5 a week'],
  [0.1, '3 a month'],
  [0, '0 a month'],
])('%f changes per day are %s', (perDay, text) => {
  expect(formatFrequency(perDay)).toBe(text)
})

it('never rounds a share to all or nothing', () => {
  expect([0, 0.004, 0.5, 0.997, 1].map(formatShare)).toEqual(['0%', '0.4%', '50%', '99.7%', '100%'])
})

it('tells the detail of an audit entry in one line, without what is empty', () => {
  expect(detailText({ reason: 'slow', dryRun: false, policy: {}, hosts: ['a'], to: null })).toBe(
    'reason slow, dryRun false, hosts ["a"]',
  )
})

it('takes from an address only what it knows', () => {
  expect([textOr('shop'), textOr(12), textOr(''), textOr({})]).toEqual(['shop', '12', undefined, undefined])
  expect([oneOf([7, 30], 30), oneOf([7, 30], '30')]).toEqual([30, undefined])
  expect([dayOr('2026-11-24'), dayOr('2026-13-01'), dayOr('soon')]).toEqual([
    '2026-11-24',
    undefined,
    undefined,
  ])
})
