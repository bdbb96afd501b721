import { join } from 'node:path'
import { createDockerBuilder, type DockerBuilder } from '@tagship/builder'
import type { AppName } from '@tagship/domain'
import { startPostgres, startRedis } from '@tagship/embedded'
import type { CommandPorts, Log } from '@tagship/engine'
import { createGitSource, ensureHosted, type GitSource, mendHosted } from '@tagship/git'
import { createDocker, type Logger, networkPolicy, sharePriority } from '@tagship/kit'
import { openQueue, type Queue, startOutboxDispatcher } from '@tagship/queue'
import { createHaproxyRouter, type HaproxyRouter } from '@tagship/router'
import { createDockerRuntime } from '@tagship/runtime'
import { migrate, openStore, type Store } from '@tagship/store'
import { type CertificateKeeper, keepCertificates } from './certificates.ts'
import type { DataFolder } from './data-folder.ts'
import { faultPoints } from './faults.ts'
import { preparedImage } from './images.ts'
import { keptInTurn } from './kept-in-turn.ts'
import { createKubernetesPlace } from './kubernetes-place.ts'
import type { Options } from './options.ts'
import { secretKeyOf, signInSecretOf } from './secret-key.ts'

/** How many apps the router has places for, made when it starts. */
const seats = 1000

/** The whole house: the only place where every library meets. */
export interface Parts {
  readonly data: DataFolder
  readonly store: Store
  readonly queue: Queue
  /** Where the repositories are. */
  readonly gitFolder: string
  readonly router: HaproxyRouter
  readonly source: GitSource
  readonly builder: DockerBuilder
  /** Null: no TLS. */
  readonly certificates: CertificateKeeper | null
  readonly ports: CommandPorts & { readonly store: Store }
  readonly docker: ReturnType<typeof createDocker>
  /** Signs the cookies of sessions, and seals second factors: the same for all controllers that share a key. */
  readonly signInSecret: string
  /** The name that this controller's leases carry. */
  readonly worker: string
  readonly log: Logger
  /** Stops what belongs to the control plane, in the order of need; apps and router go on. */
  close(): Promise<void>
}

/** @param place who this controller is, and whether others run beside it */
export async function assemble(
  options: Options,
  data: DataFolder,
  place: { readonly worker: string; readonly alone: boolean },
  log: Logger,
  progress: (text: string) => void,
): Promise<Parts> {
  const closers: (() => Promise<void>)[] = []
  const undo: (() => Promise<void>)[] = []
  try {
    return await assembleInto({ closers, undo }, options, data, place, log, progress)
  } catch (error) {
    await closeAll([...undo, ...closers])
    throw error
  }
}

/** What is opened, to be closed at the end; and what besides has to go where the start fails half-way. */
interface Opened {
  readonly closers: (() => Promise<void>)[]
  readonly undo: (() => Promise<void>)[]
}

async function assembleInto(
  { closers, undo }: Opened,
  options: Options,
  data: DataFolder,
  { worker, alone }: { readonly worker: string; readonly alone: boolean },
  log: Logger,
  progress: (text: string) => void,
): Promise<Parts> {
  const { installation, path: folder } = data
  const docker = createDocker()
  const routerImage = await preparedImage('router')
  const router = keptInTurn(
    installation,
    createHaproxyRouter({
      docker,
      installation,
      folder: join(folder, 'router'),
      image: routerImage,
      bind: { address: options.httpBind, port: options.httpPort },
      https: options.tls && { port: options.tls.httpsPort, redirectPort: options.tls.redirectPort },
      seats,
      log,
    }),
  )
  const certificates = options.tls && (await keepCertificates(options.tls.folder, router, log))
  const ownRedis = options.databaseUrl === null && options.redisUrl === null
  const [store, redis] = await allOf(
    openDatabase(closers, options, data, log, progress),
    ownRedis ? openRedis(closers, data, log) : null,
    openRouter(alone ? undo : [], router, progress),
  )
  const databaseUrl = store.url
  const queue = await openQueue({
    connection: options.redisUrl
      ? { kind: 'redis', url: options.redisUrl }
      : redis
        ? { kind: 'redisSocket', path: redis.socketPath }
        : { kind: 'postgres', url: databaseUrl },
    installation,
    log,
  })
  progress(`jobs go through ${options.redisUrl || redis ? 'Redis' : 'Postgres'}`)
  // What did not end in time is somebody else's from now on.
  closers.push(() =>
    store.endLeases(worker).catch((err) => log.warn({ err }, 'leases run out by themselves')),
  )
  closers.push(() => queue.close())
  const dispatcher = startOutboxDispatcher({
    take: (limit, handler) => store.takeOutbox(limit, handler),
    onNotify: (notify) => store.onChange((change) => change.kind === 'outbox' && notify()),
    queue,
    log,
  })
  closers.push(() => dispatcher.stop())

  await certificates?.renew()
  await router.restore(() => store.routes('docker'))
  const gitFolder = join(folder, 'git')
  for (const app of await store.allApps()) if (app.repoUrl === null) await mendHosted(gitFolder, app.name)
  const source = createGitSource({
    folder: gitFolder,
    spoolFolder: join(folder, 'spool'),
    networks: networkPolicy(options.allowNetworks),
    log,
    accessOf: (app) => store.sourceAccess(app),
    signersOf: (app) => store.signersOf(app),
  })
  const builder = createDockerBuilder({ docker, installation, log })
  const places = {
    docker: {
      runtime: createDockerRuntime({ docker, installation, log }),
      router,
      requireRoom: async () => {},
    },
    kubernetes: createKubernetesPlace({
      installation,
      docker,
      registry: options.registry,
      counterImage: routerImage,
      ingressClass: options.ingressClass,
      placements: (wanted) => store.placements(wanted),
      log,
    }),
  }
  const ports = {
    store,
    source: {
      ...source,
      ensureHosted: async (app: AppName) => void (await ensureHosted(gitFolder, app)),
    },
    builder,
    ...places.docker,
    places,
    log: log satisfies Log,
    fault: faultPoints(options.fault),
  }
  const { signInSecret } = store
  const close = () => closeAll(closers)
  const outside = { gitFolder, router, source, builder, docker, certificates }
  return { data, store, queue, ports, ...outside, signInSecret, worker, log, close }
}

async function openDatabase(
  closers: (() => Promise<void>)[],
  options: Options,
  data: DataFolder,
  log: Logger,
  progress: (text: string) => void,
): Promise<Store & { url: string; signInSecret: string }> {
  let url = options.databaseUrl
  if (url === null) {
    const postgres = await startPostgres({ folder: data.path, log })
    closers.push(() => postgres.stop())
    url = postgres.url
  }
  const applied = await migrate(url)
  progress(`Postgres is up${applied.length > 0 ? `, ${applied.length} migrations applied` : ''}`)
  const secretKey = await secretKeyOf(options.secretKey, data)
  const onConnect = options.databaseUrl === null ? sharePriority : undefined
  const store = await openStore({ url, log, maxSeats: seats, secretKey, onConnect })
  closers.push(() => store.close())
  await warnOfSecrets(store, log, progress)
  return Object.assign(store, { url, signInSecret: signInSecretOf(secretKey) })
}

/** Said at the start, long before the first deployment that needs one fails. */
async function warnOfSecrets(store: Store, log: Logger, progress: (text: string) => void): Promise<void> {
  const unreadable = await store.unreadableSecrets()
  if (unreadable.length === 0) return
  const names = unreadable.map(({ app, name }) => `${app}/${name}`)
  const text = `secrets that were sealed with another key cannot be used: ${names.join(', ')}`
  log.error({ secrets: names, code: 'secret.wrongKey' }, text)
  progress(text)
}

async function openRedis(closers: (() => Promise<void>)[], data: DataFolder, log: Logger) {
  const redis = await startRedis({ folder: data.path, log })
  if (redis) closers.push(() => redis.stop())
  return redis
}

/** One that ran before goes on whatever comes: apps serve through it. */
async function openRouter(
  undo: (() => Promise<void>)[],
  router: HaproxyRouter,
  progress: (text: string) => void,
): Promise<void> {
  const { running } = await router.status()
  if (!running) undo.push(() => router.stop())
  await router.ensure()
  progress('router is up')
}

/** Waits for all of them, also where one fails, so that nothing is opened behind the back of who cleans up. */
async function allOf<T extends readonly unknown[]>(
  ...work: { [K in keyof T]: T[K] | Promise<T[K]> }
): Promise<T> {
  const outcomes = await Promise.allSettled(work)
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return Promise.all(work) as unknown as Promise<T>
}

/** Last opened, first closed. */
async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of [...closers].reverse()) await close()
}
