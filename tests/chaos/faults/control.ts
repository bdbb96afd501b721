/** What must be found: without it, a table without a wrong cell would prove nothing. */
import type { Cell } from '../cell.ts'
import { app } from '../world.ts'

export const controls: readonly Cell[] = [
  {
    fault: 'control',
    at: 'live: every instance is killed at once',
    servers: 'own',
    control: true,
    representative: true,
    async strike({ at, machine: { docker }, version }) {
      const serves = await version()
      const label = [`dev.tagship=${at.id}`, `dev.tagship.app=${app}`]
      const instances = await docker.listContainers({ filters: { label } })
      await Promise.all(instances.map(({ Id }) => docker.getContainer(Id).kill()))
      return { serves }
    },
  },
]
