/** The servers that the installation brings itself are killed: the controller starts them again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cell } from '../cell.ts'
import { holdState } from '../hold-state.ts'
import type { World } from '../world.ts'

const servers = { Redis: 'redis/redis.pid', Postgres: 'postgres/postmaster.pid' } as const

export const embeddedFaults: readonly Cell[] = Object.entries(servers).flatMap(([name, pidFile]) =>
  (['building', 'verifying', 'switching', 'baking'] as const).map((state) => ({
    fault: `own ${name} killed`,
    at: `deploy: ${state}`,
    servers: 'own' as const,
    async strike(world: World) {
      const { serves, goOn } = await holdState(world, state)
      const pid = Number((await readFile(join(world.at.data, pidFile), 'utf8')).split('\n')[0])
      process.kill(pid, 'SIGKILL')
      await goOn()
      return { serves }
    },
  })),
)
