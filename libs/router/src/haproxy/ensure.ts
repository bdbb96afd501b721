/** Brings the router up with the right config, from whatever state it is found in. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { Logger } from '@tagship/kit'
import type { Bind, Https } from './config.ts'
import type { RouterContainer } from './container.ts'
import * as files from './folder.ts'
import { oldWorkers, reload, runningFingerprint } from './master.ts'
import type { Seats } from './seats.ts'

export interface EnsureInput {
  readonly folder: string
  readonly bind: Bind
  readonly https: Https | null
  readonly seatCount: number
  readonly secret: string
  readonly container: RouterContainer
  readonly seats: Seats
  readonly log: Logger
}

const startMs = 15_000
/** A router that says nothing for so long hangs, unless it has only just been started. */
const hungMs = 2_000
const youngMs = 4_000
/** What the engine takes to start it again after a death, the first few times. */
const ownRestartMs = 700
/** Longer than a reload takes; a controller that dies in the middle of one blocks others no longer than this. */
const freezeSeconds = 10
/** Longer than `timeout http-keep-alive`: after it no connection of the old worker can bring a new request. */
const oldWorkerMs = 65_000

/**
 * Where nothing is amiss it changes nothing. Otherwise: starts the container, or reloads its config without
 * a lost request, or gives it its seats. One that hangs is killed and started anew.
 * @returns the fingerprint of the config that it runs with now
 * @throws port.taken, data.notWritable, router.unavailable, engine.*
 */
export async function ensureRouter(input: EnsureInput): Promise<string> {
  const { folder, container, log } = input
  files.prepareFolder(folder)
  files.readSecret(folder, input.secret)
  const config = await files.writeConfig(folder, input, input.secret)
  const running = await bringUp(input)
  if (running !== config.fingerprint) {
    log.info({ router: container.name }, 'the router takes its new config')
    await reloadConfig(input, config)
  }
  await fitSeats(input)
  await input.seats.mendFile()
  return config.fingerprint
}

/** @returns the fingerprint of the config that it runs with */
async function bringUp(input: EnsureInput): Promise<string> {
  const { container, log } = input
  const state = await settledState(container)
  if (state === 'running') {
    const begin = performance.now()
    const patience = Math.max(hungMs, youngMs - (await container.runsFor()))
    const answer = await answerWithin(input, patience)
    if (answer) return answer
    // Another controller may have come to the same conclusion a moment sooner.
    const runsFor = await container.runsFor()
    if (runsFor > 0 && runsFor < performance.now() - begin) return waitUntilAnswers(input)
    log.warn({ router: container.name }, 'the router does not answer; it is started again')
  }
  await startContainer(input, state)
  return waitUntilAnswers(input)
}

/** The engine starts it again by itself: a second start in the middle of that would only cost time. */
async function settledState(container: RouterContainer) {
  const deadline = performance.now() + ownRestartMs
  for (;;) {
    const state = await container.state()
    if (state !== 'restarting' || performance.now() > deadline) return state
    await sleep(50)
  }
}

async function startContainer(
  { folder, bind, https, seatCount, container, log }: EnsureInput,
  state: Awaited<ReturnType<RouterContainer['state']>>,
): Promise<void> {
  const mended = await files.mendSeatFile(folder, seatCount)
  if (mended) {
    const routes = mended === 'last' ? 'with the routes before the last change' : 'without routes'
    log.warn({ router: container.name }, `the router starts ${routes}: its file of seats was damaged`)
  }
  for (const one of [bind, ...(https ? [{ ...bind, port: https.port }] : [])]) {
    if (state === 'running' || !(await isTaken(one))) continue
    // Perhaps by the router itself: the engine was quicker.
    if ((await container.state()) === 'running') return
    throw portTaken(one)
  }
  if (state === 'absent') await container.create()
  else if (state === 'stopped') await container.start()
  else await container.restart()
}

async function waitUntilAnswers(input: EnsureInput): Promise<string> {
  const { bind, container } = input
  const answer = await answerWithin(input, startMs)
  if (answer) return answer
  const words = await container.lastWords()
  // Started again and again it would take the port as soon as that is free, behind everybody's back.
  await container.remove()
  throw startProblem(words, bind)
}

/** Null where it does not run, or has said nothing for so long. */
async function answerWithin({ folder, container }: EnsureInput, ms: number): Promise<string | null> {
  const { cli, master } = files.socketsOf(folder)
  const deadline = performance.now() + ms
  for (;;) {
    const fingerprint = await runningFingerprint(cli).catch(() => null)
    // The master begins to listen a moment after its first worker does.
    if (fingerprint && (await oldWorkers(master).catch(() => null))) return fingerprint
    if (performance.now() > deadline || (await container.state()) !== 'running') return null
    await sleep(20)
  }
}

function startProblem(words: string, bind: Bind): TagshipError {
  const [, port] = /Address already in use.*?:(\d+)\]/i.exec(words) ?? []
  if (/Address already in use/i.test(words)) return portTaken(port ? { ...bind, port: Number(port) } : bind)
  const alerts = words.split('\n').filter((line) => line.includes('[ALERT]'))
  return new TagshipError('router.unavailable', `the router did not start: ${alerts.join(' ') || words}`)
}

function portTaken({ address, port }: Bind): TagshipError {
  return new TagshipError(
    'port.taken',
    `port ${port}${address ? ` of ${address}` : ''}, which the router needs, is in use`,
  )
}

async function isTaken(bind: Bind): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    // Any other trouble is the router's to report: it may have rights that this process has not.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen({ port: bind.port, host: bind.address || '0.0.0.0', exclusive: true }, () => {
      server.close(() => resolve(false))
    })
  })
}

async function reloadConfig(input: EnsureInput, config?: files.WrittenConfig): Promise<void> {
  const { cli, master } = files.socketsOf(input.folder)
  await input.seats.freeze(freezeSeconds)
  const problem = await reload(master)
  if (problem !== null) {
    await input.seats.freeze(0)
    await config?.undo()
    throw startProblem(problem, input.bind)
  }
  await waitUntilOldWorkersAreGone(master, input.log)
  const running = await runningFingerprint(cli)
  if (config && running !== config.fingerprint) {
    throw new TagshipError('router.unavailable', 'the router still has its old config after a reload')
  }
}

/** Until then a connection that was idle may be answered once more by what was live before the reload. */
async function waitUntilOldWorkersAreGone(master: string, log: Logger): Promise<void> {
  const deadline = performance.now() + oldWorkerMs
  while ((await oldWorkers(master).catch(() => null))?.length !== 0) {
    if (performance.now() > deadline) {
      log.warn({}, 'streams or WebSockets keep an old worker of the router; it takes no new requests')
      return
    }
    await sleep(50)
  }
}

/** The config has the seats that the router wrote down; another number of them needs a reload. */
async function fitSeats(input: EnsureInput): Promise<void> {
  const present = await input.seats.all()
  if (present.length === input.seatCount) return
  await input.seats.resize(input.seatCount)
  await reloadConfig(input)
}
