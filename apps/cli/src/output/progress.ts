/** A deployment under way, for the person who waits: its phases as they pass. Goes to stderr. */
import type { DeploymentJson } from '@tagship/api'
import { type DeploymentState, deploymentStates, isActive } from '@tagship/domain/machine'
import { formatDuration } from '@tagship/domain/units'
import { createLiveRegion } from './live-region.ts'
import { deploymentLabel, stateWords } from './names.ts'
import { note } from './print.ts'
import { padEnd, padStart, paint } from './text.ts'
import { elapsed } from './time.ts'

export interface Progress {
  update(deployment: DeploymentJson): void
  end(): void
}

const frameMs = 80
const barWidth = 20
/** The last picture, which stays: what is not over does not turn any more. */
const stillFrame = -1

/** Phases that were over in `begun` are no news. */
export function createProgress(begun: DeploymentJson, stream: NodeJS.WriteStream = process.stderr): Progress {
  const old = new Set(begun.phases.flatMap(({ name, finishedAt }) => (finishedAt === null ? [] : name)))
  const shown = stream.isTTY ? liveProgress(stream) : plainProgress()
  return {
    ...shown,
    update: (deployment) =>
      shown.update({ ...deployment, phases: deployment.phases.filter(({ name }) => !old.has(name)) }),
  }
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
  const region = createLiveRegion(stream)
  let latest: DeploymentJson | null = null
  let frame = 0
  const draw = () => {
    if (latest) region.draw(progressLines(latest, frame, Date.now()))
  }
  const timer = setInterval(() => {
    frame += 1
    draw()
  }, frameMs)
  return {
    update(deployment) {
      latest = deployment
      draw()
    },
    end() {
      clearInterval(timer)
      frame = stillFrame
      draw()
    },
  }
}

/** One line for what is deployed, then one a phase. */
export function progressLines(deployment: DeploymentJson, frame: number, now: number): string[] {
  const phases = deployment.phases.filter(({ name }) => isActive(name))
  const longest = Math.max(1, ...phases.map((phase) => elapsed(phase.startedAt, phase.finishedAt, now)))
  const passed = phases.map(({ name, startedAt, finishedAt }) => {
    const ms = elapsed(startedAt, finishedAt, now)
    const mark = finishedAt === null ? spinner(frame) : doneMark(deployment, name)
    const bar = '█'.repeat(Math.max(ms > 0 ? 1 : 0, Math.round((ms / longest) * barWidth)))
    return `  ${mark} ${padEnd(stateWords(name), 18)} ${padStart(formatDuration(ms), 7)}  ${paint('cyan', bar, process.stderr)}`
  })
  const coming = upcoming(deployment).map((name) => paint('dim', `  · ${stateWords(name)}`, process.stderr))
  const slot = deployment.slot ? ` → ${deployment.slot}` : ''
  return [paint('bold', `${deploymentLabel(deployment)}${slot}`, process.stderr), ...passed, ...coming]
}

function spinner(frame: number): string {
  const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
  return paint('cyan', frames[frame % frames.length] ?? '·', process.stderr)
}

function doneMark(deployment: DeploymentJson, phase: DeploymentState): string {
  const failed = deployment.failure?.phase === phase
  return failed ? paint('red', '✖', process.stderr) : paint('green', '✔', process.stderr)
}

const wayToServing = ['building', 'releasing', 'starting', 'verifying', 'switching'] as const

/** What is still before it, as long as all goes well. */
function upcoming({ state }: DeploymentJson): readonly DeploymentState[] {
  if (state === 'queued') return wayToServing
  if (deploymentStates.indexOf(state) >= deploymentStates.indexOf('switching')) return []
  return wayToServing.filter((name) => deploymentStates.indexOf(name) > deploymentStates.indexOf(state))
}

/** For logs of CI and for pipes: a line when a phase is over, and one when a person is waited for. */
function plainProgress(): Progress {
  const told = new Set<string>()
  const tell = (key: string, line: string) => {
    if (told.has(key)) return
    told.add(key)
    note(line)
  }
  return {
    update(deployment) {
      const label = deploymentLabel(deployment)
      tell(
        'label',
        `${label}: deployment ${deployment.number}${deployment.slot ? `, ${deployment.slot}` : ''}`,
      )
      for (const { name, startedAt, finishedAt } of deployment.phases) {
        if (!isActive(name)) continue
        if (finishedAt !== null) {
          tell(
            startedAt + name,
            `${label}: ${stateWords(name)} ${formatDuration(elapsed(startedAt, finishedAt))}`,
          )
        } else if (name === 'awaitingPromotion') {
          tell(`${startedAt}${name} begun`, `${label}: waits for tagship promote ${deployment.app}`)
        }
      }
    },
    end() {},
  }
}
