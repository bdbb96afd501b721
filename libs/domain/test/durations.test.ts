import { describe, expect, test } from 'vitest'
import { durationsOf, progressOf } from '../src/durations.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 12, 0, second))
const phase = (name: 'queued' | 'building' | 'verifying', from: number, until: number | null) => ({
  name,
  startedAt: at(from),
  finishedAt: until === null ? null : at(until),
})

describe('durations', () => {
  test('are those of the phases, in milliseconds', () => {
    const phases = [phase('queued', 0, 1), phase('building', 1, 9), phase('verifying', 9, 10)]
    expect(durationsOf({ phases, createdAt: at(0), servingAt: at(12) })).toMatchObject({
      ...{ queue: 1_000, build: 8_000, verify: 1_000, boot: null, switch: null, toServing: 12_000 },
    })
  })

  test('of what is under way are not told', () => {
    const phases = [phase('queued', 0, 1), phase('building', 1, null)]
    expect(durationsOf({ phases, createdAt: at(0), servingAt: null })).toMatchObject({
      ...{ queue: 1_000, build: null, toServing: null },
    })
  })
})

test('progress goes from 0 to 1, and there is none on the way back', () => {
  expect([progressOf('queued'), progressOf('live'), progressOf('failing')]).toEqual([0, 1, null])
  expect(progressOf('building')).toBeLessThan(progressOf('switching') ?? 0)
})
