/**
 * A client of the API at a steady rate, whether it answers fast or not: the worker thread of `load.ts`, so that
 * what that program does besides is in no figure. Ends when it is told to, with what it measured.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createClient } from '@tagship/api'

export interface ApiClientData {
  readonly url: string
  readonly token: string
  /** Whom it asks about; `writesTo` is put on hold and let go. */
  readonly apps: readonly string[]
  readonly writesTo: string
}

export interface ApiFigures {
  readonly calls: readonly {
    readonly name: string
    /** Milliseconds since the first call. */
    readonly at: number
    readonly ms: number
    readonly error: string | null
  }[]
}

const paceMs = 50

const port = parentPort
if (!port) throw new Error('api-client.ts is a worker thread')
const { url, token, apps, writesTo } = workerData as ApiClientData
const client = createClient({ url, token })
const calls: ApiFigures['calls'][number][] = []
const stop = once(port, 'message').then(() => true)

const started = performance.now()
let round = 0
const app = () => apps[round % apps.length] ?? writesTo
const mix: readonly (readonly [name: string, call: () => Promise<unknown>])[] = [
  ['list apps', () => client.listApps()],
  ['an app', () => client.getApp({ params: { app: app() } })],
  ['its deployments', () => client.listDeployments({ params: { app: app() } })],
  ['readiness', () => client.readiness()],
  ['hold', () => client.hold({ params: { app: writesTo }, body: {} })],
  ['its releases', () => client.listReleases({ params: { app: app() } })],
  ['an app', () => client.getApp({ params: { app: app() } })],
  ['its deployments', () => client.listDeployments({ params: { app: app() } })],
  ['its tags', () => client.listTags({ params: { app: app() } })],
  ['resume', () => client.resume({ params: { app: writesTo } })],
]

const underWay: Promise<void>[] = []
for (
  let next = performance.now();
  !(await Promise.race([stop, sleep(Math.max(0, next - performance.now()))]));
) {
  underWay.push(measured(...(mix[round % mix.length] ?? ['', async () => {}])))
  round += 1
  next += paceMs
}
await Promise.all(underWay)
port.postMessage({ calls } satisfies ApiFigures)
port.close()

async function measured(name: string, call: () => Promise<unknown>): Promise<void> {
  const begin = performance.now()
  const error = await call().then(
    () => null,
    (failure: Error) => failure.message,
  )
  calls.push({ name, at: begin - started, ms: performance.now() - begin, error })
}
