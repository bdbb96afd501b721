import type { Claim, Routed } from './ports.ts'

/** What the router has to show before the claimed deployment may move the traffic. */
export function routed({ app }: Claim): Routed {
  return { app: app.name, hosts: app.hosts, live: app.liveSlot }
}
