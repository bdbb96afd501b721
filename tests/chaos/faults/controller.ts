/** The controller dies (`kill -9`) at every point of the way, and a fresh one is started. */
import type { Cell } from '../cell.ts'
import type { World } from '../world.ts'

const fault = 'controller killed'

/** Points that a deployment of a tag passes, in order. */
const deployPoints = [
  'building.claimed',
  'build.claimed',
  'build.built',
  'building.acted',
  'building.committed',
  'releasing.claimed',
  'releasing.acted',
  'releasing.committed',
  'starting.claimed',
  'starting.instanceStarted',
  'starting.acted',
  'starting.committed',
  'verifying.claimed',
  'verifying.acted',
  'verifying.committed',
  'switching.claimed',
  'switching.beforeSwitch',
  'switching.afterSwitch',
  'switching.acted',
  'switching.committed',
  'draining.claimed',
  'draining.acted',
  'draining.committed',
  'baking.claimed',
  'baking.acted',
  'baking.committed',
] as const

const representative: readonly string[] = ['starting.instanceStarted', 'switching.afterSwitch']

export const controllerFaults: readonly Cell[] = deployPoints.map((point) => ({
  fault,
  at: `deploy: ${point}`,
  servers: 'own',
  ...(representative.includes(point) ? { representative: true } : {}),
  async strike(world: World) {
    await world.restartController(point)
    const serves = await world.release()
    await world.controllerDied()
    const mendedAt = performance.now()
    await world.at.up()
    return { serves, mendedAt }
  },
}))
