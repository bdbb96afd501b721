/** wrk, which makes more requests than anything on Node can. */
import { runCommand } from '@tagship/kit'

export interface Load {
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p99: number
}

export interface LoadOptions {
  readonly connections: number
  readonly seconds: number
  readonly host: string
}

/** Throws where wrk is missing, and where a single request has failed: such a figure would compare nothing. */
export async function measureLoad(url: string, { connections, seconds, host }: LoadOptions): Promise<Load> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`, url]
  const { stdout, stderr, startError } = await runCommand('wrk', args, { timeout: (seconds + 30) * 1_000 })
  if (startError) throw new Error('wrk is not there; install it for the bench: apt-get install wrk')
  const trouble = /Socket errors:.*|Non-2xx or 3xx responses:.*/.exec(stdout)?.[0]
  if (trouble) throw new Error(`${url}: ${trouble}`)
  const rate = /Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]
  const [, p99, unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  if (!rate || !p99) throw new Error(`wrk said nothing to the point: ${stdout}${stderr}`)
  return {
    requestsPerSecond: Number(rate),
    p99: Number(p99) * ({ us: 0.001, ms: 1, s: 1_000 }[unit] ?? Number.NaN),
  }
}
