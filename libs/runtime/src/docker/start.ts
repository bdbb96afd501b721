/** Starts an instance, or finds it started. */
import { TagshipError } from '@tagship/domain'
import type { Instance, InstanceSpec } from '@tagship/engine'
import { engineStatus, engineWords } from '@tagship/kit'
import type { ContainerInspectInfo } from 'dockerode'
import { instanceAddress } from './addresses.ts'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { ensureContainer, startFailed } from './ensure-container.ts'
import { toInstance } from './instance.ts'
import { networkName } from './names.ts'
import type { EnsureNetwork } from './network.ts'
import { removeContainer } from './remove.ts'

/** Starting takes under a second, but for an engine with much to do. */
const startMs = 60_000

/** @throws instance.startFailed, image.missing, engine.* */
export async function startInstance(
  context: Context,
  ensureNetwork: EnsureNetwork,
  spec: InstanceSpec,
): Promise<Instance> {
  let taken: ReadonlySet<string> = new Set()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const container = await ensureContainer(context, spec, 'instance', async () =>
      instanceAddress(await ensureNetwork(spec.app), spec.deploymentNumber, spec.ordinal, taken),
    )
    if (!isAtRest(container)) return toInstance(context.installation, container)
    if (await startContainer(context, container, spec)) {
      const started = await inspectContainer(context, container.Id)
      if (started) return toInstance(context.installation, started)
    } else {
      taken = await takenAddresses(context, networkName(context.installation, spec.app))
      await removeContainer(context, container.Id)
    }
  }
  throw new TagshipError('engine.failed', `${spec.process} of ${spec.app} found no free address`)
}

/** What ends by itself is started again by the engine; what has ended with the engine itself may be left lying. */
function isAtRest({ State }: ContainerInspectInfo): boolean {
  return State.Status === 'created' || State.Status === 'exited'
}

/** @returns false where only a new container can be started in its stead. @throws instance.startFailed, engine.* */
export async function startContainer(
  { docker }: Context,
  container: ContainerInspectInfo,
  spec: InstanceSpec,
): Promise<boolean> {
  try {
    const starting = askEngine(
      `starting ${container.Name}`,
      () => docker.getContainer(container.Id).start(),
      startMs,
    )
    // 304: somebody else has started it.
    await unless(starting, 304)
    return true
  } catch (error) {
    const words = engineWords(error)
    if (/address already in use/i.test(words)) return false
    // Somebody has removed the network that the container was made in; a new one needs a new container.
    if (/network \S+ not found|no such network/i.test(words)) return false
    // The engine was ended between its word to containerd and its own note of it: a new container has a new task.
    if (/task \S+ already exists|id already in use/i.test(words)) return false
    if (engineStatus(error) === null || isEnginesOwn(words)) throw error
    throw startFailed(spec, whatMatters(words), error)
  }
}

/** What keeps the engine from starting anything, as while it shuts down: says nothing of the image. */
function isEnginesOwn(words: string): boolean {
  return /no such container|marked for removal|no space left|transport|context (canceled|deadline)|shutting down|connection (error|refused|reset)|ttrpc|shim.*(exited|closed|disconnected)|signal: (killed|terminated)/i.test(
    words,
  )
}

/** The end of `OCI runtime create failed: container_linux.go:380: starting container process caused: …`. */
function whatMatters(words: string): string {
  return /(?:exec|stat|mkdir|chdir|setenv|error mounting|unable to)\b.*$/s.exec(words)?.[0].trim() ?? words
}

/** Addresses that containers of the network have, or will have again when they are started. */
async function takenAddresses({ docker }: Context, network: string): Promise<ReadonlySet<string>> {
  const containers = await askEngine(`listing containers of network ${network}`, (abortSignal) =>
    docker.listContainers({ all: true, filters: { network: [network] }, abortSignal }),
  )
  const addresses = containers.flatMap(({ NetworkSettings }) => {
    const endpoint = NetworkSettings.Networks[network]
    return [endpoint?.IPAddress, endpoint?.IPAMConfig?.IPv4Address]
  })
  return new Set(addresses.filter((address) => address !== undefined && address !== ''))
}
