/** The controller dies (`kill -9`) at every point of each way, and a fresh one is started. */
import type { Cell } from '../cell.ts'
import type { World } from '../world.ts'
import type { Way } from './way.ts'
import { waysBack } from './ways-back.ts'
import { waysForward } from './ways-forward.ts'

const fault = 'controller killed'

function cellsOf({ name, points, representative, begin, end }: Way): Cell[] {
  return points.map((point) => ({
    fault,
    at: `${name}: ${point}`,
    servers: 'own',
    once: true,
    ...(representative?.includes(point) ? { representative: true } : {}),
    async strike(world: World) {
      await world.arm(point)
      const expected = await begin(world, point)
      await world.controllerDied()
      const mendedAt = performance.now()
      await world.at.up()
      await end?.(world)
      return { ...expected, mendedAt }
    },
  }))
}

export const controllerFaults: readonly Cell[] = [...waysForward, ...waysBack].flatMap(cellsOf)
