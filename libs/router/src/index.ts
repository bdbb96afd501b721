/** Drivers of the `Router` port, by name. */
import { createHaproxyRouter } from './haproxy/router.ts'

export type { Bind, Https } from './haproxy/config.ts'
export { createHaproxyRouter, type HaproxyOptions, type HaproxyRouter } from './haproxy/router.ts'
export type { RouterStatus } from './haproxy/status.ts'

export const routerDrivers = { haproxy: createHaproxyRouter } as const
