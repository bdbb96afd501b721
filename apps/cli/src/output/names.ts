/** How things are called in a line for a person. */
import type { DeploymentJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain/machine'
import type { Cell } from './table.ts'
import type { Style } from './text.ts'

export function shortCommit(commit: string): string {
  return commit.slice(0, 7)
}

/** `v13 (v1.3.0, 4be1c2d)` */
export function releaseLabel(release: { release: string; tag: string | null; commit: string }): string {
  const { tag, commit } = release
  return `${release.release} (${tag ? `${tag}, ` : ''}${shortCommit(commit)})`
}

/** `shop v13 (v1.3.0, 4be1c2d)` */
export function deploymentLabel(deployment: DeploymentJson): string {
  return `${deployment.app} ${releaseLabel(deployment)}`
}

/** `awaitingPromotion` → `awaiting promotion`. */
export function stateWords(state: DeploymentState): string {
  return state.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

export function stateCell(state: DeploymentState): Cell {
  return { text: stateWords(state), style: styleOfState(state) }
}

function styleOfState(state: DeploymentState): Style {
  if (state === 'live') return 'green'
  if (state === 'failed' || state === 'failing') return 'red'
  if (state === 'rolledBack' || state === 'reverting' || state === 'evicting') return 'yellow'
  if (state === 'canceled' || state === 'canceling' || state === 'retired') return 'dim'
  return 'cyan'
}

/** Green and blue, as they are. */
export function slotCell(slot: 'blue' | 'green' | null): Cell {
  return slot === null ? '–' : { text: slot, style: slot === 'blue' ? 'blueBright' : 'green' }
}
