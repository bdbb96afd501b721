/** Ends a container gracefully, and removes it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { stopLabel } from './names.ts'

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
  if (found.State.Running || found.State.Restarting) {
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
}

async function waitUntilGone(context: Context, id: string): Promise<void> {
  const deadline = Date.now() + marginMs
  while (await inspectContainer(context, id)) {
    if (Date.now() > deadline) throw new TagshipError('engine.failed', `container ${id} cannot be removed`)
    await sleep(50)
  }
}
