import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  brokenLink,
  type ChainEnd,
  type ChainedEvent,
  canonicalJson,
  emptyChain,
  eventHash,
  firstPreviousHash,
} from '../src/index.ts'

function chain(length: number): ChainedEvent[] {
  const events: ChainedEvent[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const event = {
      app: 'shop',
      seq,
      deployment: null,
      type: 'claimed',
      from: 'queued',
      to: 'building',
      actor: 'anna',
      reason: null,
      durationMs: seq,
      detail: { b: seq, a: ['x'] },
      at: new Date(seq).toISOString(),
      previousHash: events.at(-1)?.hash ?? firstPreviousHash,
    }
    events.push({ ...event, hash: eventHash(event) })
  }
  return events
}

function firstBroken(events: readonly ChainedEvent[]): { seq: number; problem: string } | null {
  let end: ChainEnd = emptyChain
  for (const event of events) {
    const problem = brokenLink('event', end, event, eventHashOf(event))
    if (problem) return { seq: end.seq + 1, problem }
    end = event
  }
  return null
}

function eventHashOf({ hash: _, ...fields }: ChainedEvent): string {
  return eventHash(fields)
}

describe('the chain of events', () => {
  it('holds when nothing was touched', () => {
    expect(firstBroken(chain(50))).toBeNull()
    expect(firstBroken([])).toBeNull()
  })

  it('names the first event that was changed, whichever field it was', () => {
    const fields = [
      'actor',
      'type',
      'at',
      'reason',
      'durationMs',
      'detail',
      'from',
      'to',
      'deployment',
      'app',
    ] as const
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.constantFrom(...fields), (seq, field) => {
        const events = chain(20)
        events[seq - 1] = { ...(events[seq - 1] as ChainedEvent), [field]: 'someone else' }
        expect(firstBroken(events)).toEqual({ seq, problem: `event ${seq} was changed` })
      }),
    )
  })

  it('names the gap where an event was removed, and what was put in', () => {
    const events = chain(10)
    expect(firstBroken(events.toSpliced(4, 1))?.seq).toBe(5)
    expect(firstBroken(events.toSpliced(4, 0, events[4] as ChainedEvent))?.seq).toBe(6)
  })

  it('does not see a difference in the order of keys', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, null], c: 'x' } })).toBe('{"a":{"c":"x","d":[1,null]},"b":1}')
  })
})
