/** What there is of an app, by labels. */
import type { AppName } from '@tagship/domain'
import type { Instance } from '@tagship/engine'
import type { ContainerInspectInfo } from 'dockerode'
import { askEngine, type Context, inspectContainer } from './engine.ts'
import { toInstance } from './instance.ts'
import { lastExitCode } from './last-exit-code.ts'
import { labelFilters, type Role } from './names.ts'

/** The engine is asked about so many containers at a time. */
const width = 8

/** In the order of deployments and ordinals. One call for the list, and one for each of it. @throws engine.* */
export async function listInstances(
  context: Context,
  app?: AppName,
  deploymentId?: string,
): Promise<Instance[]> {
  const ids = await listContainerIds(context, 'instance', app, deploymentId)
  const containers = await inspectAll(context, ids)
  return Promise.all(
    containers.sort(byPlace).map(async (container) => {
      const runsAgain = container.State.Running && container.RestartCount > 0
      const exitCode = runsAgain ? await lastExitCode(context, container) : null
      return toInstance(context.installation, container, exitCode)
    }),
  )
}

function byPlace(a: ContainerInspectInfo, b: ContainerInspectInfo): number {
  const numberOf = ({ Config }: ContainerInspectInfo, label: string) =>
    Number(Config.Labels[`dev.tagship.${label}`])
  return (
    numberOf(a, 'deployment-number') - numberOf(b, 'deployment-number') ||
    numberOf(a, 'ordinal') - numberOf(b, 'ordinal')
  )
}

export async function listContainerIds(
  { docker, installation }: Context,
  role: Role,
  app?: AppName,
  deploymentId?: string,
): Promise<string[]> {
  const filters = labelFilters(installation, role, app, deploymentId)
  const containers = await askEngine('listing containers', (abortSignal) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  )
  return containers.map(({ Id }) => Id)
}

/** Those that go meanwhile are left out. */
async function inspectAll(context: Context, ids: readonly string[]): Promise<ContainerInspectInfo[]> {
  const found: (ContainerInspectInfo | null)[] = []
  for (let index = 0; index < ids.length; index += width) {
    const some = ids.slice(index, index + width)
    found.push(...(await Promise.all(some.map((id) => inspectContainer(context, id)))))
  }
  return found.filter((container) => container !== null)
}
