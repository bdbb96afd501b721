/** GETs, all over one connection. */
import { getPage, openClient } from '../client.ts'
import type { Lane, Target } from '../lane.ts'

export function keepAliveGet(target: Target): Lane {
  const client = openClient(target)
  return {
    send: (request) => getPage(client, target, request),
    close: () => client.destroy(),
  }
}
