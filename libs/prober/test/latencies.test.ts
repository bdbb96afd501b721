import { expect, test } from 'vitest'
import { createLatencies } from '../src/latencies.ts'

test('percentiles are within 2 %', () => {
  const latencies = createLatencies()
  for (let ms = 1; ms <= 1_000; ms += 1) latencies.add(ms)
  for (const rank of [0.5, 0.95, 0.99]) {
    const found = latencies.percentile(rank)
    expect(found).toBeGreaterThanOrEqual(rank * 1_000 * 0.98)
    expect(found).toBeLessThanOrEqual(rank * 1_000 * 1.021)
  }
  expect(latencies.percentile(1)).toBe(1_000)
  expect(latencies.max).toBe(1_000)
})

test('nothing measured is 0, and what is off the scale counts as its end', () => {
  const latencies = createLatencies()
  expect(latencies.percentile(0.99)).toBe(0)
  latencies.add(0)
  latencies.add(3_600_000)
  expect(latencies.percentile(0.5)).toBe(0.05)
  expect(latencies.percentile(0.99)).toBeGreaterThan(1_000_000)
})
