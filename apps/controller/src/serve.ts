import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { ControllerFile, ControllerMessageInput } from '@tagship/api'
import { TagshipError, toTagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { createPushEndpoint } from '@tagship/git'
import { createLogger, createTurns, markProcess, takePriority } from '@tagship/kit'
import type { FastifyInstance } from 'fastify'
import { ensureAdminToken } from './admin-token.ts'
import { refuseHalfRestored } from './backup/half-restored.ts'
import { bindCommands } from './commands.ts'
import { openDataFolder } from './data-folder.ts'
import { mayReach } from './http/access.ts'
import { buildServer } from './http/server.ts'
import { listenWithTls } from './http/tls.ts'
import { createInsight } from './insight.ts'
import { joinFolder, lockStart, routerOf, serversOf } from './join-folder.ts'
import { onPush } from './on-push.ts'
import type { Options } from './options.ts'
import { assemble, type Parts } from './parts.ts'
import { readiness } from './readiness.ts'
import { register, unregister } from './registry.ts'
import { knownOrigins } from './sign-in/origins.ts'
import { type TrafficWatch, watchTraffic } from './traffic/watch.ts'
import { version } from './version.ts'
import { startWorkers, workerName } from './workers.ts'

/** Tells the process that started this one; without one, nobody needs to know. */
type Tell = (message: ControllerMessageInput) => void

/** Runs the controller until SIGTERM or SIGINT. Everything it was doing is then picked up by another, or the next. */
export async function serve(options: Options, tell: Tell): Promise<void> {
  const log = createLogger('controller', options.logLevel)
  const data = await openDataFolder(options.data)
  await refuseHalfRestored(data)
  const { installation } = data
  const appsUrl = `http://localhost:${options.httpPort}`
  await using starting = await lockStart(data)
  const { adopt, beside } = await joinFolder(data, options)
  if (adopt) {
    const nothing = { firstToken: null, setUpLink: null }
    return tell({ type: 'ready', url: adopt.url, appsUrl, ...nothing, installation, adopted: true })
  }
  takePriority()

  await ensurePortIsFree(options.bind, options.port)
  if (options.tls) await ensurePortIsFree(options.httpBind || '0.0.0.0', options.tls.port)
  const me = await introduce(options)
  const place = { worker: workerName(data, me.id), alone: beside.length === 0 }
  const parts = await assemble(options, data, place, log, (text) => tell({ type: 'progress', text }))
  try {
    const firstToken = await ensureAdminToken(data, parts.store)
    const publicUrl = publicUrlOf(options, me.url)
    const setUpLink = firstToken === null ? null : await firstSetUpLink(parts, publicUrl)
    await using traffic = watchTraffic({ ...parts, places: parts.ports.places })
    const server = await startServer(options, parts, me, traffic)
    await using _secure = options.tls && (await listenSecurely(server, options, parts))
    await register(data, me)
    const workers = await startWorkers(parts, options.buildsAtOnce)
    tell({ type: 'ready', url: me.url, appsUrl, firstToken, setUpLink, installation })
    log.info({ url: me.url, installation }, 'controller is ready')
    const told = untilToldToStop()
    await starting[Symbol.asyncDispose]()
    await told
    log.info({}, 'controller stops')
    await register(data, { ...me, stopping: true })
    await Promise.all([server.close(), workers.stop()])
  } finally {
    await parts.close()
    await unregister(data, me.id)
  }
}

/** Left out of an address where its scheme implies it. */
function portOf(port: number, implied: number): string {
  return port === implied ? '' : `:${port}`
}

/** Others come over TLS; the command line on this machine, and controllers beside, without it over the loopback. */
async function listenSecurely(server: FastifyInstance, { httpBind, tls }: Options, { certificates }: Parts) {
  if (!tls || !certificates) return null
  return listenWithTls(server, { host: httpBind || '0.0.0.0', port: tls.port }, certificates)
}

function publicUrlOf(options: Options, url: string): string {
  return options.publicUrl ?? url
}

/** Beside the first token; where a backup was restored there are users already. */
async function firstSetUpLink({ store }: Parts, publicUrl: string): Promise<string | null> {
  if ((await store.countUsers()) > 0) return null
  const { secret } = await store.issueSetUpLink('tagship')
  return `${publicUrl}/set-up#${secret}`
}

/** How others on the data folder know this controller. */
async function introduce(options: Options): Promise<ControllerFile> {
  const { bind, port } = options
  return {
    ...(await markProcess()),
    id: randomUUID(),
    port,
    url: `http://${bind.includes(':') ? `[${bind}]` : bind}:${port}`,
    startedAt: new Date().toISOString(),
    router: routerOf(options),
    servers: serversOf(options),
    stopping: false,
  }
}

/** What a push brings is looked at by several gits. */
const looking = { atOnce: 4, longestMs: 2_000 } as const

async function startServer(options: Options, parts: Parts, me: ControllerFile, traffic: TrafficWatch) {
  const { store, ports, log } = parts
  const publicUrl = publicUrlOf(options, me.url)
  // On a cluster, hosts are reached through its own ingress.
  const appUrl = ({ runtime }: AppRecord, host: string) => {
    if (runtime === 'kubernetes') return `http://${host}`
    if (options.tls && parts.certificates?.find(host))
      return `https://${host}${portOf(options.tls.httpsPort, 443)}`
    return `http://${host}${portOf(options.httpPort, 80)}`
  }
  const urlOf = (app: AppRecord) => appUrl(app, app.hosts[0] ?? 'localhost')
  const ensureHosted = onceEach((app: AppRecord) => ports.source.ensureHosted(app.name))
  const takeTurn = createTurns(looking)
  const server = await buildServer({
    store,
    commands: bindCommands(ports),
    insight: createInsight(parts, traffic, { id: me.id, options }),
    log,
    version: await version(),
    readiness: () => readiness(parts),
    pushEndpoint: createPushEndpoint({
      folder: parts.gitFolder,
      authorize: async (app, token) => {
        const who = token === null ? null : await store.authenticate(token)
        if (!who) return 'missing'
        const known = await store.appByName(app)
        if (!known || known.repoUrl !== null) return 'unknown'
        const verdict = mayReach(who, known.id, 'deployer')
        if (verdict !== 'yes') return verdict
        // A controller may have died between the app's row and its repository.
        await ensureHosted(known)
        return { actor: who.name }
      },
      onPush: (push, say, signal) => onPush(ports, urlOf, takeTurn, push, say, signal),
      log,
    }),
    publicUrl,
    signIn: {
      secret: parts.signInSecret,
      oidc: options.oidc,
      origins: knownOrigins(publicUrl, [
        { scheme: 'http', bind: options.bind, port: options.port },
        ...(options.tls
          ? [{ scheme: 'https', bind: options.httpBind || '0.0.0.0', port: options.tls.port } as const]
          : []),
      ]),
    },
    appUrl,
  })
  await server.listen({ host: options.bind, port: options.port })
  return server
}

/** Does it for each app once: who comes meanwhile waits for the one that is at it, and what failed is tried again. */
function onceEach(act: (app: AppRecord) => Promise<void>): (app: AppRecord) => Promise<void> {
  const done = new Map<string, Promise<void>>()
  return (app) => {
    const known = done.get(app.id)
    if (known) return known
    const acting = act(app)
    done.set(app.id, acting)
    acting.catch(() => done.delete(app.id))
    return acting
  }
}

/** Said before anything is started, so that nothing has to be undone. @throws port.taken */
async function ensurePortIsFree(host: string, port: number): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(port, host, resolve)
  }).catch((cause) => {
    if (cause.code !== 'EADDRINUSE') throw toTagshipError(cause)
    throw new TagshipError(
      'port.taken',
      `port ${port} on ${host}, for the API, is in use by another program`,
      { cause },
    )
  })
  await new Promise((resolve) => probe.close(resolve))
}

function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}
