/** GETs that the app takes its time to answer. */
import { ask, openClient } from '../client.ts'
import type { Lane, Target } from '../lane.ts'

export function slow(target: Target): Lane {
  const client = openClient({ ...target, timeoutMs: target.slowMs + target.timeoutMs })
  return {
    send: async (request) => {
      const path = `/slow?ms=${target.slowMs}`
      const body = await ask(client, target, request, { method: 'GET', path })
      await body.bytes()
    },
    close: () => client.destroy(),
  }
}
