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
  description: z.string(),
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
    /** Whether it has the config that it was given last. */
    readonly asConfigured: boolean
  } | null
}

/** Never throws for what the router does. @param fingerprint of the config that it was given, where it was */
export async function readStatus(
  socketPath: string,
  container: RouterContainer,
  fingerprint: string | null,
): Promise<RouterStatus> {
  const answer = await askSocket(socketPath, 'show info', 1_000).catch(() => '')
  const fields = [...answer.matchAll(/^(\w+): (.*)$/gm)].map(([, key, value]) => [key, value])
  const info = infoSchema.safeParse(Object.fromEntries(fields)).data
  const running = info && {
    version: info.Version,
    uptimeSeconds: info.Uptime_sec,
    maxConnections: info.Maxconn,
    connections: info.CurrConns,
    requests: info.CumReq,
    asConfigured: fingerprint === null || info.description === fingerprint,
  }
  return { container: container.name, running: running ?? null }
}
