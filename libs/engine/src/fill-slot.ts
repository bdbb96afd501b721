import type { Instance, RouteTarget } from './ports.ts'
import { routedProcessName, type SettledProcess, slotOf } from './specs.ts'
import type { StepContext } from './steps/step.ts'

/** Gives the router the new slot's instances. They take no traffic yet, but can be looked at as preview. */
export async function fillSlot(
  { ports, claim }: StepContext,
  processes: readonly SettledProcess[],
  instances: readonly Instance[],
): Promise<void> {
  const port = processes.find(({ name }) => name === routedProcessName)?.port
  if (!port) return
  await ports.router.fillSlot(
    { seat: claim.app.seat, slot: slotOf(claim) },
    targetsOf(instances, port),
    claim.fence,
  )
}

function targetsOf(instances: readonly Instance[], port: number): RouteTarget[] {
  return instances
    .filter((instance) => instance.process === routedProcessName)
    .flatMap(({ name, address }) => (address === null ? [] : [{ name, address, port }]))
}
