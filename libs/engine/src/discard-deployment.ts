import type { AppName, DeploymentState } from '@tagship/domain'
import { openLogWriter } from './log-writer.ts'
import type { Instance, Ports } from './ports.ts'

const keptLines = 200

/**
 * Removes every instance of a deployment, keeping the last lines of each. A no-op where they are gone.
 * @param why the state or the task that discards it, for the name of the fault point
 */
export async function discardDeployment(
  ports: Ports,
  app: AppName,
  deploymentId: string,
  why: DeploymentState | 'warm',
): Promise<void> {
  const instances = await ports.runtime.list(app, deploymentId)
  const discard = async (instance: Instance) => {
    await discardInstance(ports, instance)
    await ports.fault(`${why}.instanceGone`)
  }
  await Promise.all(instances.map(discard))
  await ports.runtime.removeOneOff(app, deploymentId)
  await ports.store.markInstancesRemoved(deploymentId)
}

async function discardInstance(ports: Ports, instance: Instance): Promise<void> {
  const log = openLogWriter(ports.store, instance.deploymentId, 'instance')
  for await (const line of ports.runtime.logs(instance, { tail: keptLines })) {
    log.write(line.text, { process: instance.process, at: line.at })
  }
  await log.close()
  await ports.runtime.remove(instance)
}
