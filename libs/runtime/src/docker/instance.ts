/** An instance, as the engine describes its container. */
import { parseAppName, parseProcessName, type Slot } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import type { ContainerInspectInfo } from 'dockerode'
import { networkName } from './names.ts'

/** The exit code of a program that was ended by SIGKILL. */
const killedCode = 137

/** @param lastExitCode of a program that runs again, where it is known */
export function toInstance(
  installation: string,
  container: ContainerInspectInfo,
  lastExitCode: number | null = null,
): Instance {
  const { State, Config, NetworkSettings, RestartCount } = container
  const label = (name: string) => Config.Labels[`dev.tagship.${name}`] ?? ''
  const app = parseAppName(label('app'))
  const state = stateOf(State.Status)
  const hasEnded = state === 'exited' || state === 'restarting'
  const exitCode = hasEnded ? State.ExitCode : lastExitCode
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    app,
    deploymentId: label('deployment'),
    release: Number(label('release')),
    slot: slotOf(label('slot')),
    process: parseProcessName(label('process')),
    ordinal: Number(label('ordinal')),
    address: NetworkSettings.Networks[networkName(installation, app)]?.IPAddress || null,
    state,
    restarts: RestartCount,
    exitCode,
    // Newer kernels no longer tell the engine (cgroup 1); but who else kills a program that nobody stops?
    outOfMemory: State.OOMKilled || exitCode === killedCode,
    note: null,
    health: healthOf(State.Health?.Status),
  }
}

function slotOf(text: string): Slot {
  return text === 'green' ? 'green' : 'blue'
}

function stateOf(status: string): Instance['state'] {
  // A paused container is one that somebody outside has paused: it answers nothing.
  if (status === 'created' || status === 'restarting' || status === 'paused') return status
  return status === 'running' ? 'running' : 'exited'
}

function healthOf(status: string | undefined): Instance['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none'
}
