import type { DeploymentJson } from '@tagship/api'
import { happyPath, phasesDone, stateName, toneOf } from '../data/states.ts'
import { classNames } from './class-names.ts'
import styles from './phase-bar.module.css'

/** How far a deployment is: one piece a phase, in the colour of the slot that it fills. */
export function PhaseBar({ deployment }: { readonly deployment: DeploymentJson }) {
  const done = phasesDone(deployment)
  const failed = toneOf(deployment.state) === 'bad'
  return (
    <div
      className={classNames(styles.bar, deployment.slot && styles[deployment.slot], failed && styles.bad)}
      role="progressbar"
      aria-label={`${deployment.release} is ${stateName(deployment.state)}`}
      aria-valuemin={0}
      aria-valuemax={happyPath.length}
      aria-valuenow={done}
    >
      {happyPath.map((phase, index) => (
        <i
          key={phase}
          className={classNames(index < done && styles.done, phase === deployment.state && styles.now)}
        />
      ))}
    </div>
  )
}
