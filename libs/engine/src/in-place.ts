import { type RuntimeName, TagshipError } from '@tagship/domain'
import pLimit from 'p-limit'
import type { Ports } from './ports.ts'

/** To discard one may take as long as its process takes to end: the others do not wait for it. */
const atOnce = 4

/** A few at a time, each in its place. @throws what went wrong first, once all were tried */
export async function eachInPlace<T>(
  ports: Ports,
  items: readonly T[],
  runtimeOf: (item: T) => RuntimeName,
  act: (there: Ports, item: T) => Promise<void>,
): Promise<void> {
  const attempts = createAttempts(ports)
  const inTurn = pLimit(atOnce)
  const actOn = (item: T) => attempts.at(runtimeOf(item), (there) => act(there, item))
  await Promise.all(items.map((item) => inTurn(() => actOn(item))))
  attempts.end()
}

/** What fails keeps nobody else waiting; a runtime that is away is not asked again. */
export function createAttempts(ports: Ports) {
  const away = new Set<RuntimeName>()
  const errors: unknown[] = []
  return {
    async at(runtime: RuntimeName, act: (there: Ports) => Promise<void>): Promise<void> {
      if (away.has(runtime)) return
      try {
        await act(inPlace(ports, runtime))
      } catch (error) {
        errors.push(error)
        if (isAway(error)) away.add(runtime)
      }
    },
    /** @throws what went wrong first */
    end(): void {
      if (errors.length > 0) throw errors[0]
    },
  }
}

function isAway(error: unknown): boolean {
  return error instanceof TagshipError && /\.(unavailable|timeout)$/.test(error.code)
}

/** The world as seen from a deployment's own place: its runtime, and the router that goes with it. */
export function inPlace<P extends Ports>(ports: P, runtime: RuntimeName): P {
  return { ...ports, ...ports.places[runtime] }
}
