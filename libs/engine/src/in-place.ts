import type { RuntimeName } from '@tagship/domain'
import type { Ports } from './ports.ts'

/** The world as seen from a deployment's own place: its runtime, and the router that goes with it. */
export function inPlace<P extends Ports>(ports: P, runtime: RuntimeName): P {
  return { ...ports, ...ports.places[runtime] }
}
