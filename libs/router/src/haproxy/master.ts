/** The master process of the router, which keeps the ports while workers come and go. */
import { TagshipError } from '@tagship/domain'
import { askSocket } from './socket.ts'

/** A reload parses the config of every seat; a thousand take about 0.1 s. */
const reloadMs = 30_000

/**
 * Starts a new worker with the config on disk; the old one finishes what it has. Where the config is bad, or
 * its port is taken, the old worker goes on alone.
 * @returns the words of the router where it could not, else null. @throws router.unavailable
 */
export async function reload(masterSocket: string): Promise<string | null> {
  const answer = await askSocket(masterSocket, 'reload', reloadMs)
  return answer.startsWith('Success=1') ? null : answer.replace(/^Success=0\n(--\n)?/, '')
}

/** Process ids (in the container) of workers that a reload has replaced and that still have connections. */
export async function oldWorkers(masterSocket: string): Promise<number[]> {
  const answer = await askSocket(masterSocket, 'show proc')
  const section = /^# old workers\n([^#]*)/m.exec(answer)?.[1] ?? ''
  return [...section.matchAll(/^(\d+)\s+worker/gm)].map(([, pid]) => Number(pid))
}

/** The fingerprint of the config that the running worker has read. @throws router.unavailable */
export async function runningFingerprint(cliSocket: string): Promise<string> {
  const answer = await askSocket(cliSocket, 'show info', 1_000)
  const [, fingerprint] = /^description: (\S+)$/im.exec(answer) ?? []
  if (!fingerprint)
    throw new TagshipError('router.unavailable', 'the router does not say which config it has')
  return fingerprint
}
