/** The engine's own word that something has become of an instance. */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Context } from './engine.ts'
import { labelFilters } from './names.ts'

/** After the stream has ended, however it did. */
const reopenMs = 1_000

/** What takes an instance out of service, or brings it back. An `exec` or a health check that runs is none of them. */
const events = ['die', 'destroy', 'pause', 'start', 'unpause'] as const

const message = z.object({ Actor: z.object({ Attributes: z.record(z.string(), z.string()) }) })

/**
 * Calls `onChange` with the deployment's id after each such event, and with null whenever events may have been missed,
 * until the signal aborts. Never throws: while the engine is away there is nothing to hear, and it is asked again
 * every second.
 */
export async function watchInstances(
  { docker, installation, log }: Context,
  onChange: (deploymentId: string | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const { label } = labelFilters(installation, 'instance')
  let heard = true
  while (!signal.aborted) {
    try {
      const stream = await docker.getEvents({
        filters: { label, type: ['container'], event: [...events] },
        abortSignal: signal,
      })
      heard = true
      onChange(null)
      for await (const line of createInterface({ input: stream })) onChange(deploymentOf(line))
    } catch (error) {
      if (!signal.aborted && heard)
        log.warn({ err: error }, 'the engine tells nothing about instances for now')
      heard = false
    }
    await sleep(reopenMs, undefined, { signal }).catch(() => {})
  }
}

/** The labels of a container are among the attributes of its events. */
function deploymentOf(line: string): string | null {
  return message.parse(JSON.parse(line)).Actor.Attributes['dev.tagship.deployment'] ?? null
}
