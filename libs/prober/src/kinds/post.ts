/** POSTs of a size, which have to come back byte for byte. */
import { randomBytes } from 'node:crypto'
import { ask, openClient } from '../client.ts'
import type { OpenLane } from '../lane.ts'

export function post(bytes: number): OpenLane {
  return (target) => {
    const client = openClient(target)
    const payload = randomBytes(bytes)
    let sequence = 0
    return {
      send: async (request) => {
        // No two payloads are alike, so that the echo of another request is not taken for ours.
        payload.writeUInt32BE(sequence++)
        const body = await ask(client, target, request, { method: 'POST', path: '/echo', body: payload })
        const echo = await body.bytes()
        if (!payload.equals(echo)) {
          throw new Error(`the echo (${echo.length} bytes) is not what was sent (${payload.length} bytes)`)
        }
      },
      close: () => client.destroy(),
    }
  }
}
