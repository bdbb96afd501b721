/** How long each part of a deployment's way took, from its phases. */
import type { Deployment, Phase } from './deployment.ts'
import type { DeploymentState } from './machine.ts'

/** Milliseconds; null: it never came there, or is there now. */
export interface Durations {
  readonly queue: number | null
  readonly build: number | null
  /** Of its release command. */
  readonly release: number | null
  readonly boot: number | null
  readonly verify: number | null
  /** For a person to promote it. */
  readonly wait: number | null
  readonly switch: number | null
  readonly drain: number | null
  readonly bake: number | null
  /** From its creation until users reached it. */
  readonly toServing: number | null
}

/** Which state each part is spent in. */
const stateOfPart = {
  queue: 'queued',
  build: 'building',
  release: 'releasing',
  boot: 'starting',
  verify: 'verifying',
  wait: 'awaitingPromotion',
  switch: 'switching',
  drain: 'draining',
  bake: 'baking',
} as const satisfies Record<Exclude<keyof Durations, 'toServing'>, DeploymentState>

export function durationsOf({
  phases,
  createdAt,
  servingAt,
}: Pick<Deployment, 'phases' | 'createdAt' | 'servingAt'>): Durations {
  const inState = (state: DeploymentState) => {
    const lengths = phases.filter(({ name }) => name === state).map(lengthOf)
    if (lengths.length === 0 || lengths.includes(null)) return null
    return lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0)
  }
  return {
    queue: inState(stateOfPart.queue),
    build: inState(stateOfPart.build),
    release: inState(stateOfPart.release),
    boot: inState(stateOfPart.boot),
    verify: inState(stateOfPart.verify),
    wait: inState(stateOfPart.wait),
    switch: inState(stateOfPart.switch),
    drain: inState(stateOfPart.drain),
    bake: inState(stateOfPart.bake),
    toServing: servingAt && Math.max(0, servingAt.getTime() - createdAt.getTime()),
  }
}

function lengthOf({ startedAt, finishedAt }: Phase): number | null {
  return finishedAt && Math.max(0, finishedAt.getTime() - startedAt.getTime())
}

/** The way to users, in the order in which it goes; the share that lies behind is the progress. */
const wayToServing: readonly DeploymentState[] = [
  'queued',
  'building',
  'releasing',
  'starting',
  'verifying',
  'awaitingPromotion',
  'switching',
  'draining',
  'baking',
  'live',
]

/** From 0 to 1; a deployment that is torn down has no progress. */
export function progressOf(state: DeploymentState): number | null {
  const place = wayToServing.indexOf(state)
  return place === -1 ? null : place / (wayToServing.length - 1)
}
