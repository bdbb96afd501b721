/** The router's container: on the host's network, with the router's folder, and started again by the engine. */
import { createHash } from 'node:crypto'
import { TagshipError } from '@tagship/domain'
import { createAskEngine, type Docker, engineStatus } from '@tagship/kit'
import { mountPoint } from './config.ts'

export interface ContainerOptions {
  readonly docker: Docker
  readonly installation: string
  readonly folder: string
  readonly image: string
}

/** absent: no container, or one of another shape. restarting: the engine is about to start it again by itself. */
type ContainerState = 'absent' | 'stopped' | 'restarting' | 'running'

export interface RouterContainer {
  readonly name: string
  state(): Promise<ContainerState>
  /**
   * Makes and starts the container, in the place of one of another shape. Where another controller has just made
   * it, that one stays. @throws router.unavailable where its image is missing, engine.*
   */
  create(): Promise<void>
  /** A no-op where it runs. @throws engine.* */
  start(): Promise<void>
  /** Kills it where it runs, or hangs, and starts it. @throws engine.* */
  restart(): Promise<void>
  /** For how many milliseconds it has been running. */
  runsFor(): Promise<number>
  remove(): Promise<void>
  /** The last lines that the router wrote. */
  lastWords(): Promise<string>
}

/** What the master needs as root: ports below 1024, the sockets' owner, another user for the worker, signals. */
const capabilities = ['NET_BIND_SERVICE', 'CHOWN', 'DAC_OVERRIDE', 'SETUID', 'SETGID', 'KILL']
const shapeLabel = 'dev.tagship.shape'

const askEngine = createAskEngine(
  (trouble, detail, cause) => new TagshipError(`engine.${trouble}`, detail, { cause }),
)

export function createContainer({ docker, installation, folder, image }: ContainerOptions): RouterContainer {
  const name = `tagship-${installation}-router`
  const container = docker.getContainer(name)
  const settings = containerSettings(installation, folder)

  /** Changes with anything that only a new container can have. */
  const shape = async () => {
    const found = await orNull(askEngine(`looking for ${image}`, () => docker.getImage(image).inspect()))
    if (!found) throw new TagshipError('router.unavailable', `the image ${image} of the router is missing`)
    return createHash('sha256')
      .update(JSON.stringify([found.Id, settings]))
      .digest('hex')
      .slice(0, 16)
  }
  const inspect = () => orNull(askEngine(`looking at ${name}`, () => container.inspect()))
  const remove = async (id = name) => {
    await orNull(askEngine(`removing ${name}`, () => docker.getContainer(id).remove({ force: true })))
  }
  const start = () =>
    unless(
      304,
      askEngine(`starting ${name}`, () => container.start()),
    )
  return {
    name,
    remove: () => remove(),
    state: async () => {
      const found = await inspect()
      if (found?.Config.Labels[shapeLabel] !== (await shape())) return 'absent'
      if (found.State.Restarting) return 'restarting'
      return found.State.Running ? 'running' : 'stopped'
    },
    create: async () => {
      const [found, wanted] = [await inspect(), await shape()]
      if (found && found.Config.Labels[shapeLabel] !== wanted) await remove(found.Id)
      const options = {
        ...settings,
        name,
        Image: image,
        Labels: { ...settings.Labels, [shapeLabel]: wanted },
      }
      await unless(
        409,
        askEngine(`creating ${name}`, () => docker.createContainer(options)),
      )
      await start()
    },
    start: async () => void (await start()),
    restart: async () => {
      await askEngine(`starting ${name}`, () => container.restart({ t: 0 }))
    },
    runsFor: async () => {
      const found = await inspect()
      return found?.State.Running ? Date.now() - new Date(found.State.StartedAt).getTime() : 0
    },
    lastWords: async () => {
      const log = await orNull(
        askEngine(`reading the log of ${name}`, () =>
          container.logs({ stdout: true, stderr: true, tail: 20 }),
        ),
      )
      return log ? textOfLog(log) : ''
    },
  }
}

function containerSettings(installation: string, folder: string) {
  return {
    Cmd: [
      ...[
        'sh',
        `${mountPoint}/start.sh`,
        'haproxy',
        '-W',
        '-db',
        '-S',
        `${mountPoint}/run/master.sock,mode,600,uid,${process.getuid?.() ?? 0}`,
      ],
      ...['-f', `${mountPoint}/haproxy.cfg`, '-f', `${mountPoint}/state/seats.cfg`],
    ],
    Labels: { 'dev.tagship': installation, 'dev.tagship.role': 'router' },
    HostConfig: {
      NetworkMode: 'host',
      Binds: [`${folder}:${mountPoint}`],
      RestartPolicy: { Name: 'always' },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: capabilities,
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
    },
  }
}

/** The engine's multiplexed log: eight bytes of header, the last four of them the length, then the text. */
function textOfLog(log: Buffer): string {
  const parts: string[] = []
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4)
    parts.push(log.toString('utf8', at + 8, end))
    at = end
  }
  return parts.join('').trim()
}

function orNull<T>(work: Promise<T>): Promise<T | null> {
  return unless(404, work)
}

async function unless<T>(status: number, work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (engineStatus(error) === status) return null
    throw error
  })
}
