import type { Cell } from '../cell.ts'
import { controls } from './control.ts'
import { controllerFaults } from './controller.ts'
import { engineFaults } from './engine.ts'
import { leaseFaults } from './leases.ts'
import { machineFaults } from './machine.ts'
import { routerFaults } from './router.ts'

/** The whole table, in the order in which it is played and printed. */
export const cells: readonly Cell[] = [
  ...controls,
  ...controllerFaults,
  ...leaseFaults,
  ...engineFaults,
  ...routerFaults,
  ...machineFaults,
]
