/** Asks as a user would, through the port that users come in by. */
import { request } from 'node:http'
import { TagshipError } from '@tagship/domain'
import type { Bind } from './config.ts'

export interface Answer {
  /** Null where no instance answered: a page of the router itself. */
  readonly instance: string | null
  readonly status: number
}

/** @throws router.unavailable where nothing answers within `timeoutMs` */
export async function askThrough(
  bind: Bind,
  secret: string,
  host: string,
  path: string,
  timeoutMs = 10_000,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'x-tagship-ask': secret, connection: 'close' }
    const signal = AbortSignal.timeout(timeoutMs)
    const asked = request({ host: reachable(bind), port: bind.port, path, headers, signal, agent: false })
    asked.on('response', (response) => {
      const instance = response.headers['x-tagship-instance']
      response.destroy()
      resolve({ instance: typeof instance === 'string' ? instance : null, status: response.statusCode ?? 0 })
    })
    asked.on('error', (cause) => {
      const why = signal.aborted ? `no answer within ${timeoutMs} ms` : cause.message
      reject(new TagshipError('router.unavailable', `${host}${path} through the router: ${why}`, { cause }))
    })
    asked.end()
  })
}

function reachable({ address }: Bind): string {
  if (address === '' || address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}
