import type { RuntimeName } from '@tagship/domain'
import type { Ports } from './ports.ts'

/**
 * One after the other, each in its place. A runtime that is away keeps nobody of another one waiting: what went wrong
 * there first is thrown in the end.
 */
export async function eachInPlace<T>(
  ports: Ports,
  items: readonly T[],
  runtimeOf: (item: T) => RuntimeName,
  act: (there: Ports, item: T) => Promise<void>,
): Promise<void> {
  const away = new Map<RuntimeName, unknown>()
  for (const item of items) {
    const runtime = runtimeOf(item)
    if (away.has(runtime)) continue
    await act(inPlace(ports, runtime), item).catch((error: unknown) => away.set(runtime, error))
  }
  for (const error of away.values()) throw error
}

/** The world as seen from a deployment's own place: its runtime, and the router that goes with it. */
export function inPlace<P extends Ports>(ports: P, runtime: RuntimeName): P {
  return { ...ports, ...ports.places[runtime] }
}
