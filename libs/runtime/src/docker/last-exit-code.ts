/** How a program ended that the engine has started again since: only the engine's events still know. */
import { createInterface } from 'node:readline'
import type { ContainerInspectInfo } from 'dockerode'
import { z } from 'zod'
import { askEngine, type Context } from './engine.ts'

/** A program is started again within a minute (the engine's longest pause). */
const lookBackSeconds = 90

const dieEvent = z.object({ Actor: z.object({ Attributes: z.object({ exitCode: z.coerce.number() }) }) })

/** Null where the engine has forgotten it: it keeps its last 256 events. @throws engine.* */
export async function lastExitCode(
  context: Context,
  container: ContainerInspectInfo,
): Promise<number | null> {
  const startedAt = Date.parse(container.State.StartedAt) / 1_000
  return askEngine(`looking at what happened to ${container.Name}`, async (abortSignal) => {
    const events = await context.docker.getEvents({
      since: Math.floor(startedAt) - lookBackSeconds,
      // Over when it arrives, so that the engine ends the stream instead of following it. To the millisecond: what ended is
      // started again within a fraction of a second.
      until: Date.now() / 1_000,
      filters: { container: [container.Id], event: ['die'] },
      abortSignal,
    })
    let last: number | null = null
    for await (const line of createInterface({ input: events })) {
      last = dieEvent.parse(JSON.parse(line)).Actor.Attributes.exitCode
    }
    return last
  })
}
