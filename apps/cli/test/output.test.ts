import { stripVTControlCharacters } from 'node:util'
import type { DeploymentJson } from '@tagship/api'
import { describe, expect, test } from 'vitest'
import { describeReadiness } from '../src/output/degraded.ts'
import { progressLines } from '../src/output/progress.ts'
import { renderTable } from '../src/output/table.ts'
import { fit, plain, widthOf, wrap } from '../src/output/text.ts'
import { ago } from '../src/output/time.ts'

const bare = (lines: readonly string[]) => lines.map(stripVTControlCharacters)

describe('text', () => {
  test.each([
    ['shop', 4],
    ['…', 1],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['', 0],
  ])('%j is %i columns wide', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  test.each([
    ['abcdef', 4, 'abc…'],
    ['abcd', 4, 'abcd'],
    ['日本語', 4, '日…'],
    ['ab cdef', 4, 'ab…'],
    ['abc', 0, ''],
  ])('%j fits into %i columns as %j', (text, width, expected) => {
    expect(fit(text, width)).toBe(expected)
  })

  test('what others wrote does not steer the terminal', () => {
    expect(plain('a\x1b[2Jb\r\nc\x07\u009bd')).toBe('ab cd')
  })

  test('is wrapped between words', () => {
    expect(wrap('one two three\nfour', 8)).toEqual(['one two', 'three', 'four'])
  })
})

describe('a table', () => {
  const columns = [
    { header: 'TAG', give: 1 },
    { header: 'COMMIT' },
    { header: '#', align: 'right' as const },
    { header: 'WHY', give: 2 },
  ]
  const rows = [
    ['v1.0.0', '4be1c2d', '7', 'x'.repeat(90)],
    [{ text: 'v1.10.0-a-long-prerelease-name', style: 'green' as const }, '0c0ffee', '12', ''],
  ]

  test('is aligned', () => {
    expect(bare(renderTable(columns, [rows[1] ?? []], Number.POSITIVE_INFINITY))).toEqual([
      'TAG                             COMMIT    #  WHY',
      'v1.10.0-a-long-prerelease-name  0c0ffee  12',
    ])
  })

  test.each([80, 60, 50])('fits into %i columns, the least needed cut first', (width) => {
    const lines = bare(renderTable(columns, rows, width))
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
    expect(lines[1]).toContain('4be1c2d')
    expect(lines[1]).toMatch(/x…$/)
    expect(lines[2]?.startsWith('v1.10.0')).toBe(true)
  })

  test('is whole where the output is no terminal', () => {
    expect(bare(renderTable(columns, rows, Number.POSITIVE_INFINITY))[1]).toContain('x'.repeat(90))
  })
})

test.each([
  [0, 'now'],
  [12, '12s ago'],
  [60, '1m ago'],
  [3 * 3_600 + 5, '3h ago'],
  [47 * 3_600, '47h ago'],
  [49 * 3_600, '2d ago'],
  [-30, 'now'],
])('%i seconds ago is said as %j', (seconds, expected) => {
  const now = Date.parse('2026-11-23T12:00:00.000Z')
  expect(ago(new Date(now - seconds * 1_000).toISOString(), now)).toBe(expected)
})

describe('progress', () => {
  const now = Date.parse('2026-11-23T12:00:10.000Z')
  const at = (second: number) => new Date(now - 10_000 + second * 1_000).toISOString()
  const deployment: DeploymentJson = {
    id: '6f1b6c1e-6a7f-4a54-9f0a-0a5d0a5d0a5d',
    app: 'shop',
    number: 14,
    release: 'v13',
    tag: 'v1.3.0',
    commit: '4be1c2d'.padEnd(40, '0'),
    subject: null,
    author: null,
    committedAt: null,
    imageDigest: null,
    imageBytes: null,
    revision: null,
    state: 'starting',
    slot: 'green',
    serving: false,
    trigger: 'tag',
    actor: 'tagship',
    reason: null,
    createdAt: at(0),
    startedAt: at(0),
    servingAt: null,
    finishedAt: null,
    phases: [
      { name: 'queued', startedAt: at(0), finishedAt: at(0) },
      { name: 'building', startedAt: at(0), finishedAt: at(8) },
      { name: 'starting', startedAt: at(8), finishedAt: null },
    ],
    durations: {
      ...{ queue: 0, build: 8_000, release: null, boot: null, verify: null, wait: null },
      ...{ switch: null, drain: null, bake: null, toServing: null },
    },
    failure: null,
  }

  test('has a line for each phase: over, under way, to come', () => {
    expect(bare(progressLines(deployment, 0, now))).toEqual([
      'shop v13 (v1.3.0, 4be1c2d) → green',
      '  ✔ building              8.0s  ████████████████████',
      '  ⠋ starting              2.0s  █████',
      '  · verifying',
      '  · switching',
    ])
  })

  test('marks the phase that failed', () => {
    const failed: DeploymentJson = {
      ...deployment,
      state: 'failed',
      phases: [{ name: 'building', startedAt: at(0), finishedAt: at(8) }],
      failure: { phase: 'building', code: 'build.failed', message: 'no' },
    }
    expect(bare(progressLines(failed, 0, now))[1]).toMatch(/^ {2}✖ building/)
  })
})

describe('describeReadiness', () => {
  const check = (name: string, ok: boolean) => ({
    name,
    ok,
    detail: ok ? 'answers' : 'no answer within 2000 ms',
  })

  test('says nothing while all is there', () => {
    expect(describeReadiness({ ok: true, checks: [check('postgres', true), check('queue', true)] })).toEqual(
      [],
    )
  })

  test('says what is missing, and that apps serve on', () => {
    const lines = describeReadiness({ ok: false, checks: [check('postgres', false), check('queue', true)] })
    expect(lines[0]).toContain('degraded: apps serve on')
    expect(lines[1]).toBe('  postgres  no answer within 2000 ms')
    expect(lines.join()).not.toContain('queue')
  })

  test('does not say that apps serve while their router is missing', () => {
    const [line] = describeReadiness({ ok: false, checks: [check('router', false)] })
    expect(line).toContain('users may not reach apps')
  })
})
