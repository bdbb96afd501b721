import type { Cell } from '../cell.ts'
import { byHandFaults } from './by-hand.ts'
import { controls } from './control.ts'
import { controllerFaults } from './controller.ts'
import { degradedFaults } from './degraded.ts'
import { diskFaults } from './disk.ts'
import { embeddedFaults } from './embedded.ts'
import { engineFaults } from './engine.ts'
import { leaseFaults } from './leases.ts'
import { machineFaults } from './machine.ts'
import { postgresFaults } from './postgres.ts'
import { redisFaults } from './redis.ts'
import { routerFaults } from './router.ts'

/** The whole table, in the order in which it is played and printed. */
export const cells: readonly Cell[] = [
  ...controls,
  ...controllerFaults,
  ...leaseFaults,
  ...engineFaults,
  ...byHandFaults,
  ...diskFaults,
  ...routerFaults,
  ...machineFaults,
  ...embeddedFaults,
  ...degradedFaults,
  ...redisFaults,
  ...postgresFaults,
]
