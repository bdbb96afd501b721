/** What the router says of itself. */
import { z } from 'zod'
import type { RouterContainer } from './container.ts'
import { askSocket } from './socket.ts'

const count = z.coerce.number().int().nonnegative()
const infoSchema = z.object({
  Version: z.string(),
  Uptime_sec: count,
  Maxconn: count,
  CurrConns: count,
  CumReq: count,
})

export interface RouterStatus {
  readonly container: string
  /** Null while it does not answer. */
  readonly running: {
    readonly version: string
    readonly uptimeSeconds: number
    readonly maxConnections: number
    readonly connections: number
    readonly requests: number
  } | null
}

/** Never throws for what the router does. */
export async function readStatus(socketPath: string, container: RouterContainer): Promise<RouterStatus> {
  const answer = await askSocket(socketPath, 'show info', 2_000).catch(() => '')
  const fields = [...answer.matchAll(/^(\w+): (.*)$/gm)].map(([, key, value]) => [key, value])
  const info = infoSchema.safeParse(Object.fromEntries(fields)).data
  const running = info && {
    version: info.Version,
    uptimeSeconds: info.Uptime_sec,
    maxConnections: info.Maxconn,
    connections: info.CurrConns,
    requests: info.CumReq,
  }
  return { container: container.name, running: running ?? null }
}
