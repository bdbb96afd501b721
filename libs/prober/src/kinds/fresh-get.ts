/** GETs, each over a connection of its own. */
import type { Client } from 'undici'
import { getPage, openClient } from '../client.ts'
import type { Lane, Target } from '../lane.ts'

export function freshGet(target: Target): Lane {
  let client: Client | undefined
  return {
    send: async (request) => {
      client = openClient(target)
      try {
        await getPage(client, target, request, true)
      } finally {
        await client.destroy()
      }
    },
    close: async () => client?.destroy(),
  }
}
