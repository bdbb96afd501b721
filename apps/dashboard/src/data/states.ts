/** How a deployment's state looks; what it means comes from the machine itself. */
import type { DeploymentJson } from '@tagship/api'
import { activeStates, type DeploymentState, machine } from '@tagship/domain/machine'

export type Tone = 'neutral' | 'busy' | 'good' | 'wait' | 'bad'

const tones = {
  queued: 'neutral',
  building: 'busy',
  releasing: 'busy',
  starting: 'busy',
  verifying: 'busy',
  awaitingPromotion: 'wait',
  switching: 'busy',
  draining: 'busy',
  baking: 'busy',
  live: 'good',
  reverting: 'bad',
  failing: 'bad',
  canceling: 'neutral',
  evicting: 'bad',
  failed: 'bad',
  canceled: 'neutral',
  rolledBack: 'bad',
  retired: 'neutral',
} as const satisfies Record<DeploymentState, Tone>

export function toneOf(state: DeploymentState): Tone {
  return tones[state]
}

/** `awaitingPromotion` → `awaiting promotion`. */
export function stateName(state: DeploymentState): string {
  return state.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

export function stateMeaning(state: DeploymentState): string {
  return machine[state].meaning
}

/** The way of a deployment that goes well: what a progress bar is made of. */
export const happyPath = [
  'building',
  'releasing',
  'starting',
  'verifying',
  'switching',
  'draining',
  'baking',
] as const satisfies readonly DeploymentState[]

/** How many of the phases of `happyPath` lie behind it. */
export function phasesDone({ state }: Pick<DeploymentJson, 'state'>): number {
  if (state === 'live') return happyPath.length
  if (state === 'awaitingPromotion') return happyPath.indexOf('switching')
  return Math.max(0, (happyPath as readonly DeploymentState[]).indexOf(state))
}

export function isUnderWay({ state }: Pick<DeploymentJson, 'state'>): boolean {
  return activeStates.includes(state)
}
