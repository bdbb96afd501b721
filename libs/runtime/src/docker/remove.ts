/** Ends a container gracefully, and removes it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { ContainerInspectInfo } from 'dockerode'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { stopLabel } from './names.ts'
import { processesOf } from './processes.ts'

/** What the engine may need beyond the container's own stop time-out. */
const marginMs = 15_000

/** A no-op where it is gone; may be called by several at once. @throws engine.* */
export async function removeContainer(context: Context, id: string): Promise<void> {
  const container = context.docker.getContainer(id)
  const found = await inspectContainer(context, id)
  if (!found) return
  // One that somebody has paused would never hear that it has to end.
  if (found.State.Paused) {
    await unless(
      askEngine(`waking ${found.Name}`, () => container.unpause()),
      404,
      409,
    )
  }
  const runs = found.State.Running || found.State.Restarting
  if (runs) {
    const stopMs = Number(found.Config.Labels[stopLabel] ?? 10_000)
    const stopping = askEngine(
      `stopping ${found.Name}`,
      () => container.stop({ t: Math.ceil(stopMs / 1_000) }),
      stopMs + marginMs,
    )
    await unless(stopping, 304, 404)
  }
  // The volumes that go with it are the nameless ones of the image's VOLUME; those of the manifest stay.
  const removing = askEngine(`removing ${found.Name}`, () => container.remove({ force: true, v: true }))
  // 409: somebody else is removing it.
  await unless(removing, 404, 409)
  await waitUntilGone(context, id)
  if (!runs) await endForgotten(context, found)
}

/**
 * An engine that was killed between its word to containerd and its own note of it takes a program for one that was never
 * started, and does not end it with its container: it would keep an address that others are given later.
 */
async function endForgotten({ log }: Context, { Id, Name }: ContainerInspectInfo): Promise<void> {
  for (const pid of await processesOf(Id)) {
    try {
      process.kill(pid, 'SIGKILL')
      log.warn({ container: Name, pid }, 'the engine had forgotten a program; it was ended')
    } catch (error) {
      log.warn({ err: error, container: Name, pid }, 'the engine has forgotten a program, which goes on')
    }
  }
}

async function waitUntilGone(context: Context, id: string): Promise<void> {
  const deadline = Date.now() + marginMs
  while (await inspectContainer(context, id)) {
    if (Date.now() > deadline) throw new TagshipError('engine.failed', `container ${id} cannot be removed`)
    await sleep(50)
  }
}
