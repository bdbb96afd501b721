/** Finds the container of a spec, or makes it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TagshipError } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'
import { engineStatus, engineWords } from '@tagship/kit'
import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode'
import { containerOptions, parseVolume } from './container-options.ts'
import { askEngine, type Context, inspectContainer, unless } from './engine.ts'
import { containerName, type Role, specHash, specLabel } from './names.ts'
import { removeContainer } from './remove.ts'

const appearMs = 10_000

/**
 * A container of the spec's name that is made from another spec is removed first, but for a release command
 * that has run: that would run twice.
 * @param chooseAddress null: the engine chooses
 * @throws image.missing, instance.startFailed, engine.*
 */
export async function ensureContainer(
  context: Context,
  spec: InstanceSpec,
  role: Role,
  chooseAddress: () => Promise<string | null>,
): Promise<ContainerInspectInfo> {
  const name = containerName(context.installation, spec, role)
  const [found, address] = await Promise.all([inspectContainer(context, name), chooseAddress()])
  if (found) {
    const mayStay = role === 'release-command' && found.State.Status !== 'created'
    if (mayStay || found.Config.Labels[specLabel] === specHash(spec)) return found
    context.log.warn({ container: name }, 'removing a container that is made from another spec')
    await removeContainer(context, found.Id)
  }
  const [machineCpus] = await Promise.all([cpusOf(context), checkVolumes(context, spec)])
  const place = { installation: context.installation, address, machineCpus }
  await createContainer(context, containerOptions(spec, role, place), spec)
  return inspectMade(context, name)
}

/** The engine reserves a name some time before it shows the container. */
async function inspectMade(context: Context, name: string): Promise<ContainerInspectInfo> {
  const deadline = Date.now() + appearMs
  for (;;) {
    const made = await inspectContainer(context, name)
    if (made) return made
    if (Date.now() > deadline) {
      throw new TagshipError('engine.failed', `container ${name} was made, but is not there`)
    }
    await sleep(20)
  }
}

async function createContainer(
  { docker }: Context,
  options: ContainerCreateOptions,
  spec: InstanceSpec,
): Promise<void> {
  try {
    await askEngine(`making container ${options.name}`, () => docker.createContainer(options))
  } catch (error) {
    const status = engineStatus(error)
    // Somebody has made it since we looked; names do not meet by chance.
    if (status === 409) return
    if (status === 404 && /no such image/i.test(engineWords(error))) {
      throw new TagshipError('image.missing', `${spec.imageDigest} of ${spec.app} v${spec.release} is gone`, {
        cause: error,
      })
    }
    if (status === 400) throw startFailed(spec, engineWords(error), error)
    throw error
  }
}

export function startFailed(spec: InstanceSpec, words: string, cause?: unknown): TagshipError {
  return new TagshipError('instance.startFailed', `${spec.process} of ${spec.app}: ${words}`, { cause })
}

/** The engine would make an empty one for each that is not there. */
async function checkVolumes({ docker }: Context, spec: InstanceSpec): Promise<void> {
  for (const volume of spec.filesystem.volumes) {
    const { name } = parseVolume(volume)
    const looking = askEngine(`looking at volume ${name}`, () => docker.getVolume(name).inspect())
    if ((await unless(looking, 404)) === null) {
      throw startFailed(spec, `there is no volume ${name} (filesystem.volumes); docker volume create ${name}`)
    }
  }
}

const cpus = new WeakMap<Context, Promise<number>>()

function cpusOf(context: Context): Promise<number> {
  const known = cpus.get(context)
  if (known) return known
  const asking = askEngine('asking for the number of CPUs', async () => {
    const info: { NCPU: number } = await context.docker.info()
    return info.NCPU
  })
  cpus.set(context, asking)
  asking.catch(() => cpus.delete(context))
  return asking
}
