/** How an instance is probed, and when (DESIGN §6): at once, then in steps that grow to the interval. */
import type { HealthSpec } from './manifest.ts'

export type Probe =
  | { readonly kind: 'http'; readonly port: number; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number }
  /** The image's own HEALTHCHECK, run by the engine. */
  | { readonly kind: 'image' }
  /** No port and no HEALTHCHECK: it counts as healthy while it runs. */
  | { readonly kind: 'running' }

/** What the image says about itself. */
export interface ImageFacts {
  readonly exposedPorts: readonly number[]
  readonly hasHealthcheck: boolean
}

export function chooseProbe(health: HealthSpec, port: number | null, image: ImageFacts): Probe {
  if (health.kind === 'image') return { kind: 'image' }
  if (port === null) return image.hasHealthcheck ? { kind: 'image' } : { kind: 'running' }
  if (health.kind === 'tcp') return { kind: 'tcp', port }
  if (health.kind === 'auto' && health.path === null && image.hasHealthcheck) return { kind: 'image' }
  return { kind: 'http', port, path: health.path ?? '/' }
}

/**
 * Milliseconds to wait before attempt `n` (the first is 0): 10, 12, 13, … and never more than the interval. What an app
 * that boots in a tenth of a second waits for in vain is then about as long as one of its probes takes.
 */
export function probeDelay(attempt: number, interval: number): number {
  if (attempt === 0) return 0
  return Math.min(interval, Math.round(10 * 1.15 ** (attempt - 1)))
}

export type ProbeResult =
  | { readonly healthy: true; readonly detail: string }
  /** `reason` tells the failure's code: nothing listens, or something answers wrongly. */
  | { readonly healthy: false; readonly reason: 'notListening' | 'unhealthy'; readonly detail: string }

export function statusIsHealthy(health: HealthSpec, status: number): boolean {
  return status >= health.status.from && status <= health.status.to
}
