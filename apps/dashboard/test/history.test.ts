import { describe, expect, test } from 'vitest'
import { type History, withNewest } from '../src/data/history-pages.ts'
import { timelineOf } from '../src/pages/app/history/spans.ts'
import { slotViews } from '../src/pages/app/slots.ts'
import { ganttOf } from '../src/pages/deployment/gantt.ts'
import { at, deployment, t0 } from './deployments.ts'

const rows = (...numbers: number[]) => numbers.map((number) => deployment(number))
const numbersOf = ({ pages }: History) => pages.map(({ items }) => items.map(({ number }) => number))

describe('the newest page of a history', () => {
  const history: History = {
    pages: [
      { items: rows(6, 5, 4), next: 'a' },
      { items: rows(3, 2, 1), next: null },
    ],
    pageParams: [undefined, 'a'],
  }

  test('puts new rows on top, and keeps what lies below with its cursor', () => {
    const renewed = withNewest(history, { items: rows(8, 7, 6), next: 'x' })
    expect(numbersOf(renewed)).toEqual([
      [8, 7, 6, 5, 4],
      [3, 2, 1],
    ])
    expect(renewed.pages.map(({ next }) => next)).toEqual(['a', null])
  })

  test('takes away what is not in it any more, over all pages that it covers', () => {
    expect(numbersOf(withNewest(history, { items: rows(6, 4, 2), next: 'x' }))).toEqual([[6, 4, 2], [1]])
    expect(numbersOf(withNewest(history, { items: rows(5), next: null }))).toEqual([[5], []])
  })
})

describe('what a slot holds', () => {
  const live = {
    deployment: 'l',
    release: 'v1',
    tag: null,
    commit: 'c',
    revision: 1,
    slot: 'blue',
    since: null,
  } as const

  test('is what serves, and beside it what is on its way', () => {
    const [blue, green] = slotViews({ live, warm: null, active: deployment(2, { state: 'starting' }) })
    expect(blue).toMatchObject({ live: true, release: 'v1', state: null })
    expect(green).toMatchObject({ live: false, release: 'v2', state: 'starting' })
  })

  test('is what has served before, for as long as it runs', () => {
    const warm = { deployment: 'w', release: 'v0', tag: null, slot: 'green' } as const
    expect(slotViews({ live, warm, active: null })[1]).toMatchObject({
      live: false,
      warm: true,
      release: 'v0',
    })
    const active = deployment(2, { state: 'starting' })
    expect(slotViews({ live, warm, active })[1]).toMatchObject({ warm: false, release: 'v2' })
  })

  test('is nothing in an app that has not served', () => {
    expect(slotViews({ live: null, warm: null, active: null }).map(({ deployment: id }) => id)).toEqual([
      null,
      null,
    ])
  })
})

describe('the timeline', () => {
  test('says from when to when each release served', () => {
    const first = deployment(1, {
      servingAt: at(110),
      finishedAt: at(300),
      phases: [{ name: 'live', startedAt: at(120), finishedAt: at(210) }],
    })
    const second = deployment(2, { servingAt: at(210), serving: true, state: 'live' })
    const third = deployment(3, { state: 'failed' })
    const { spans, failures, from } = timelineOf([third, second, first], t0 + 400_000)
    expect(from).toBe(t0 + 100_000)
    expect(spans.map((span) => [span.row.number, span.from - t0, span.to - t0])).toEqual([
      [2, 210_000, 400_000],
      [1, 110_000, 210_000],
    ])
    expect(failures).toEqual([third])
  })
})

describe('the timeline of releases that were taken back', () => {
  test('shows what was before as serving all the while', () => {
    const first = deployment(1, { servingAt: at(110), state: 'live', serving: true })
    const second = deployment(2, {
      servingAt: at(200),
      state: 'rolledBack',
      finishedAt: at(260),
      phases: [{ name: 'baking', startedAt: at(201), finishedAt: at(240) }],
    })
    const { spans } = timelineOf([second, first], t0 + 400_000)
    expect(spans.map((span) => [span.row.number, span.from - t0, span.to - t0])).toEqual([
      [2, 200_000, 240_000],
      [1, 110_000, 400_000],
    ])
  })
})

describe('the Gantt', () => {
  test('has the queue first, and ends where the deployment was settled', () => {
    const phases = [
      { name: 'building', startedAt: at(102), finishedAt: at(106) },
      { name: 'live', startedAt: at(106), finishedAt: at(900) },
    ] as const
    const { bars, ms } = ganttOf({ createdAt: at(100), phases: [...phases], state: 'retired' }, t0 + 1e6)
    expect(ms).toBe(6_000)
    expect(bars.map(({ name, ms: length }) => [name, length])).toEqual([
      ['queued', 2_000],
      ['building', 4_000],
    ])
  })

  test('runs on while it is under way', () => {
    const phases = [{ name: 'building' as const, startedAt: at(102), finishedAt: null }]
    const { bars } = ganttOf({ createdAt: at(100), phases, state: 'building' }, t0 + 110_000)
    expect(bars.at(-1)).toMatchObject({ ms: 8_000, running: true, width: 0.8 })
  })
})
