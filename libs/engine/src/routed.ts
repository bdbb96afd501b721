import type { Claim, Routed } from './ports.ts'

/** Whether the deployment brings its app to another runtime: what serves there and here are then not two slots of one router. */
export function isMove({ deployment, previous }: Claim): boolean {
  return previous !== null && previous.runtime !== deployment.runtime
}

/** What the router has to show before the claimed deployment may move the traffic. */
export function routed(claim: Claim): Routed {
  const { app } = claim
  // Of an app that comes from another runtime, the router of this one knows nothing yet.
  return { app: app.name, hosts: app.hosts, live: isMove(claim) ? null : app.liveSlot }
}
