import { describe, expect, it } from 'vitest'
import {
  chooseProbe,
  closest,
  formatDuration,
  formatSize,
  idleSlot,
  parseDuration,
  parseManifest,
  parseSize,
  probeDelay,
} from '../src/index.ts'

describe('durations and sizes', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['30', null],
    ['-1s', null],
    ['1d', null],
    ['', null],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    ['512m', 512 * 1024 ** 2],
    ['2g', 2 * 1024 ** 3],
    ['2G', 2 * 1024 ** 3],
    ['1t', null],
    ['m', null],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it('writes them for people', () => {
    expect([840, 2_400, 185_000, 7_800_000].map(formatDuration)).toEqual([
      '840ms',
      '2.4s',
      '3m 05s',
      '2h 10m',
    ])
    expect([512, 38_200_000].map(formatSize)).toEqual(['512 B', '38.2 MB'])
  })
})

describe('slots', () => {
  it('never hands out the live one', () => {
    expect([null, 'blue', 'green'].map((live) => idleSlot(live as never))).toEqual(['blue', 'green', 'blue'])
  })
})

describe('health', () => {
  const health = parseManifest(null).processes.web?.health as never
  const bare = { exposedPorts: [], hasHealthcheck: false }

  it('probes at once, then in steps that grow to the interval', () => {
    const delays = [0, 1, 2, 3, 10, 50].map((attempt) => probeDelay(attempt, 1_000))
    expect(delays).toEqual([0, 10, 12, 13, 35, 1_000])
  })

  it('takes the manifest first, then the image, then GET /', () => {
    expect(chooseProbe(health, 80, bare)).toEqual({ kind: 'http', port: 80, path: '/' })
    expect(chooseProbe(health, 80, { ...bare, hasHealthcheck: true })).toEqual({ kind: 'image' })
    expect(
      chooseProbe({ ...(health as object), path: '/up' } as never, 80, { ...bare, hasHealthcheck: true }),
    ).toEqual({ kind: 'http', port: 80, path: '/up' })
    expect(chooseProbe(health, null, bare)).toEqual({ kind: 'running' })
  })
})

describe('suggestions', () => {
  it('finds what was meant, and nothing for what was not', () => {
    expect(closest('replcas', ['replicas', 'port'])).toBe('replicas')
    expect(closest('kubernetes', ['replicas', 'port'])).toBeNull()
  })
})
