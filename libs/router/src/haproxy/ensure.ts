/** Brings the router up with the right config, from whatever state it is found in. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { Logger } from '@tagship/kit'
import type { Bind } from './config.ts'
import type { RouterContainer } from './container.ts'
import * as files from './folder.ts'
import { oldWorkers, reload, runningFingerprint } from './master.ts'
import type { Seats } from './seats.ts'

export interface EnsureInput {
  readonly folder: string
  readonly bind: Bind
  readonly seatCount: number
  readonly secret: string
  readonly container: RouterContainer
  readonly seats: Seats
  readonly log: Logger
}

const startMs = 15_000
/** Longer than a reload takes; a controller that dies in the middle of one blocks others no longer than this. */
const freezeSeconds = 10
/** Longer than `timeout http-keep-alive`: after it no connection of the old worker can bring a new request. */
const oldWorkerMs = 65_000

/**
 * Where nothing is amiss it changes nothing. Otherwise: starts the container, or reloads its config without
 * a lost request, or gives it its seats.
 * @throws port.taken, data.notWritable, router.unavailable, engine.*
 */
export async function ensureRouter(input: EnsureInput): Promise<void> {
  const { folder, bind, container, log } = input
  files.prepareFolder(folder)
  const config = await files.writeConfig(folder, bind, input.secret)
  if ((await container.state()) !== 'running') await startContainer(input)
  const running = await waitUntilAnswers(input)
  if (running !== config.fingerprint) {
    log.info({ router: container.name }, 'the router takes its new config')
    await reloadConfig(input, config)
  }
  await fitSeats(input)
  if (!(await files.seatFileIsWhole(folder))) await input.seats.save()
}

async function startContainer({ folder, bind, container, log }: EnsureInput): Promise<void> {
  const state = await container.state()
  if (state === 'absent') await container.remove()
  if (await files.mendSeatFile(folder)) {
    log.warn({ router: container.name }, 'the router starts without routes: it had no whole file of seats')
  }
  await requireFreePort(bind)
  if (state === 'absent') await container.create()
  else await container.start()
}

/** @returns the fingerprint of the config it runs with */
async function waitUntilAnswers({ folder, bind, container }: EnsureInput): Promise<string> {
  const { cli, master } = files.socketsOf(folder)
  const deadline = performance.now() + startMs
  for (;;) {
    const fingerprint = await runningFingerprint(cli).catch(() => null)
    // The master begins to listen a moment after its first worker does.
    if (fingerprint && (await oldWorkers(master).catch(() => null))) return fingerprint
    const failed = (await container.state()) !== 'running'
    if (failed || performance.now() > deadline) break
    await sleep(20)
  }
  const words = await container.lastWords()
  // Started again and again it would take the port as soon as that is free, behind everybody's back.
  await container.remove()
  throw startProblem(words, bind)
}

function startProblem(words: string, bind: Bind): TagshipError {
  if (/Address already in use/i.test(words)) return portTaken(bind)
  const alerts = words.split('\n').filter((line) => line.includes('[ALERT]'))
  return new TagshipError('router.unavailable', `the router did not start: ${alerts.join(' ') || words}`)
}

function portTaken({ address, port }: Bind): TagshipError {
  return new TagshipError(
    'port.taken',
    `port ${port}${address ? ` of ${address}` : ''}, which the router needs, is in use`,
  )
}

async function requireFreePort(bind: Bind): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Any other trouble is the router's to report: it may have rights that this process has not.
      if (error.code === 'EADDRINUSE') reject(portTaken(bind))
      else resolve()
    })
    server.listen({ port: bind.port, host: bind.address || '0.0.0.0', exclusive: true }, () => {
      server.close(() => resolve())
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
