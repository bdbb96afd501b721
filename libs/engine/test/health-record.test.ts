import type { ProbeResult } from '@tagship/domain'
import { expect, test } from 'vitest'
import { recordingHealth } from '../src/health-record.ts'
import type { HealthAttempts, Instance } from '../src/ports.ts'
import type { StepContext } from '../src/steps/step.ts'

const instance = (name: string) => ({ name, process: 'web' }) as Instance

/** A context whose probes answer as told, one after the other. */
function contextOf(results: ProbeResult[], saved: (readonly HealthAttempts[])[]): StepContext {
  const context = {
    claim: { deployment: { id: 'd' } },
    ports: {
      runtime: { probe: async () => results.shift() },
      store: { recordHealth: async (_id: string, all: readonly HealthAttempts[]) => void saved.push(all) },
      log: { warn: () => {} },
    },
  }
  return context as unknown as StepContext
}

const refused: ProbeResult = { healthy: false, reason: 'notListening', detail: 'nothing listens' }
const wrong: ProbeResult = { healthy: false, reason: 'unhealthy', detail: 'status 503' }
const good: ProbeResult = { healthy: true, detail: 'status 200' }

test('attempts in a row with one outcome are one entry, also where the work fails', async () => {
  const saved: (readonly HealthAttempts[])[] = []
  const results = [refused, refused, wrong, refused, good]
  const work = recordingHealth(contextOf([...results], saved), async ({ ports }) => {
    for (const _ of results) await ports.runtime.probe(instance('a'), { kind: 'running' }, undefined as never)
    throw new Error('and then it failed')
  })
  await expect(work).rejects.toThrow('and then it failed')
  expect(saved).toHaveLength(1)
  expect(saved[0]?.map(({ detail, attempts, healthy }) => [detail, attempts, healthy])).toEqual([
    ['nothing listens', 2, false],
    ['status 503', 1, false],
    ['nothing listens', 1, false],
    ['status 200', 1, true],
  ])
})
