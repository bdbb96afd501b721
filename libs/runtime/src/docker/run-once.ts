/**
 * The release command: a container that runs once. It stays after its end, as the proof that it has run,
 * until `removeOneOff`: a controller that dies between the end and the commit leaves its result to the next.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppName, formatDuration, TagshipError } from '@tagship/domain'
import type { InstanceSpec, LogLine } from '@tagship/engine'
import type { ContainerInspectInfo } from 'dockerode'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { ensureContainer } from './ensure-container.ts'
import { toInstance } from './instance.ts'
import { listContainerIds } from './list.ts'
import { readLogs } from './logs.ts'
import type { EnsureNetwork } from './network.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'

/**
 * The time counts from the command's start, whoever started it. A run that is picked up gives its lines from
 * the beginning. Aborting ends the wait and not the run.
 * @throws release.commandTimeout, instance.startFailed, image.missing, engine.*
 */
export async function runOnce(
  context: Context,
  ensureNetwork: EnsureNetwork,
  spec: InstanceSpec,
  timeoutMs: number,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<{ exitCode: number; outOfMemory: boolean }> {
  const container = await ensureStarted(context, ensureNetwork, spec)
  const endsAt = Date.parse(container.State.StartedAt) + timeoutMs
  const timeUp = AbortSignal.timeout(Math.max(0, endsAt - Date.now()))
  const either = AbortSignal.any([signal, timeUp])
  for await (const line of readLogs(context, container.Id, { follow: true, signal: either })) onLine(line)

  const ended = await waitForEnd(context, container.Id, timeUp, signal)
  if (Date.parse(ended.State.FinishedAt) >= endsAt) {
    const what = spec.command?.join(' ') ?? 'the release command'
    throw new TagshipError(
      'release.commandTimeout',
      `\`${what}\` was ended after ${formatDuration(timeoutMs)} (release.timeout)`,
    )
  }
  const { exitCode, outOfMemory } = toInstance(context.installation, ended)
  return { exitCode: exitCode ?? 0, outOfMemory }
}

/** @throws engine.* */
export async function removeOneOff(context: Context, app: AppName, deploymentId?: string): Promise<void> {
  const ids = await listContainerIds(context, 'release-command', app, deploymentId)
  await Promise.all(ids.map((id) => removeContainer(context, id)))
}

async function ensureStarted(
  context: Context,
  ensureNetwork: EnsureNetwork,
  spec: InstanceSpec,
): Promise<ContainerInspectInfo> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const container = await ensureContainer(context, spec, 'release-command', async () => {
      await ensureNetwork(spec.app)
      return null
    })
    if (container.State.Status !== 'created') return container
    // One that was never started has the exit code of one that went well: only a new one can run in its stead.
    if (await startContainer(context, container, spec)) {
      return present(await inspectContainer(context, container.Id), container.Id)
    }
    await removeContainer(context, container.Id)
  }
  throw new TagshipError('engine.failed', `the release command of ${spec.app} could not be started`)
}

/** Waits for the end of the container; makes it when the time is up. */
async function waitForEnd(
  context: Context,
  id: string,
  timeUp: AbortSignal,
  signal: AbortSignal,
): Promise<ContainerInspectInfo> {
  let pause = 10
  for (;;) {
    const container = present(await inspectContainer(context, id), id)
    if (!container.State.Running) return container
    signal.throwIfAborted()
    if (timeUp.aborted) {
      const killing = askEngine(`ending ${container.Name}`, () => context.docker.getContainer(id).kill())
      await unless(killing, 404, 409)
    }
    await sleep(pause)
    pause = Math.min(pause * 2, 500)
  }
}

function present(container: ContainerInspectInfo | null, id: string): ContainerInspectInfo {
  if (container) return container
  throw new TagshipError('engine.failed', `the container of the release command (${id}) has been removed`)
}
