import type { DeploymentJson } from '@tagship/api'
import type { DeploymentState } from '@tagship/domain/machine'
import type { ReactNode } from 'react'
import { stateMeaning, stateName, type Tone, toneOf } from '../data/states.ts'
import styles from './badge.module.css'
import { classNames } from './class-names.ts'

/** A short word with a colour that repeats what the word says. */
export function Badge({ tone = 'neutral', title, children }: BadgeProps) {
  return (
    <span className={classNames(styles.badge, styles[tone])} title={title}>
      {children}
    </span>
  )
}

interface BadgeProps {
  readonly tone?: Tone
  readonly title?: string | undefined
  readonly children: ReactNode
}

/** Its dot pulses while the machine works on it. */
export function StateBadge({ state }: { readonly state: DeploymentState }) {
  return (
    <span className={classNames(styles.state, styles[toneOf(state)])} title={stateMeaning(state)}>
      <i className={styles.dot} aria-hidden="true" />
      {stateName(state)}
    </span>
  )
}

/** Beside a release: that it is the one which users reach. */
export function LiveBadge({ slot }: { readonly slot: DeploymentJson['slot'] }) {
  return <span className={classNames(styles.live, slot && styles[slot])}>LIVE</span>
}

/** `blue` or `green`, in its colour: the colours are used for nothing else. */
export function SlotBadge({
  slot,
  live = true,
}: {
  readonly slot: 'blue' | 'green'
  readonly live?: boolean
}) {
  return (
    <span className={classNames(styles.slot, styles[slot], !live && styles.idle)}>
      <i className={styles.square} aria-hidden="true" />
      {slot}
    </span>
  )
}
