/** What breaks. Each fault resolves when the control plane is whole again, and says whom it has cost requests. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { processesNamed } from '../processes.ts'
import { until } from '../until.ts'
import type { Fault, FaultName } from './plan.ts'
import { persist, type Site } from './site.ts'

export interface Struck {
  readonly name: FaultName
  readonly at: number
  /** When the control plane was whole again. */
  readonly overAt: number
  /** Whose requests may have ended with a process that served them: an app's, everybody's (`*`), nobody's. */
  readonly costs: string | null
  /** Requests that begin up to then may be lost: nobody serves. */
  readonly servedAgainAt: number
}

type Strike = (site: Site, fault: Fault) => Promise<Pick<Struck, 'costs'> & { servedAgainAt?: number }>

const free = { costs: null } as const

const strikes: Readonly<Record<FaultName, Strike>> = {
  async 'controller killed'({ at }) {
    await end(await at.pid())
    await up(at)
    return free
  },
  async 'controller killed at a point'({ at }, { point }) {
    await at.tagship('down', '--data', at.data)
    // It may reach the point before it is ready, and nothing may come by the point for long.
    const { exitCode } = await at.up({ TAGSHIP_FAULT: point })
    const pid = exitCode === 0 ? await at.pid() : 0
    await until('it has struck', 10_000, () => !existsSync(`/proc/${pid}`)).catch(() =>
      at.tagship('down', '--data', at.data),
    )
    await up(at)
    return free
  },
  async 'controller told to stop'({ at }) {
    await at.tagship('down', '--data', at.data)
    await up(at)
    return free
  },
  async 'Redis emptied'({ at }) {
    await askRedis(at.data, 'FLUSHALL')
    return free
  },
  async 'Redis killed'() {
    for (const pid of await processesNamed('redis-server')) await end(pid)
    return free
  },
  async 'Postgres killed'({ at }) {
    await end(await postgresPid(at.data))
    return free
  },
  async 'engine restarted'({ machine }) {
    await machine.engine.end('SIGTERM')
    await machine.engine.start()
    return free
  },
  async 'engine killed'({ machine }) {
    await machine.engine.end('SIGKILL')
    await machine.engine.start()
    return free
  },
  async 'router killed'({ at }) {
    for (const pid of await processesNamed('haproxy')) await end(pid)
    await until('the router answers', 30_000, async () => (await at.fetch('nobody.localhost')).status > 0)
    return { costs: '*', servedAgainAt: Date.now() }
  },
  async 'instance killed'({ at, machine }, { app, replica }) {
    const label = [`dev.tagship=${at.id}`, `dev.tagship.app=${app}`, 'dev.tagship.role=instance']
    const containers = await machine.docker.listContainers({ filters: { label } })
    const chosen = containers[replica % Math.max(1, containers.length)]
    const { State } = chosen ? await machine.docker.getContainer(chosen.Id).inspect() : { State: { Pid: 0 } }
    if (State.Pid > 0) await end(State.Pid)
    return { costs: app }
  },
}

export async function strike(site: Site, fault: Fault): Promise<Struck> {
  const at = Date.now()
  const { costs, servedAgainAt = at } = await strikes[fault.name](site, fault)
  await until(`all is ready after: ${fault.name}`, 60_000, async () => {
    const answer = await fetch(`${site.at.url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    return answer.ok
  })
  return { name: fault.name, at, overAt: Date.now(), costs, servedAgainAt }
}

/** A no-op where it is up. With the engine away it does not start: it is tried again. */
export async function up(at: Site['at']): Promise<void> {
  await until('the controller is up', 90_000, async () => {
    const { exitCode, stderr } = await at.up()
    if (exitCode !== 0) throw new Error(stderr)
    return true
  })
  await persist(() => at.client.listApps())
}

/** A no-op where it is gone: a worker ends with its master. */
async function end(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  await until(`process ${pid} is gone`, 10_000, async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    return status === '' || /^State:\s*Z/m.test(status)
  })
}

export async function postgresPid(data: string): Promise<number> {
  return Number.parseInt(await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8'), 10)
}

/** One command and its answer's first line. */
export async function askRedis(data: string, command: string): Promise<string> {
  const socket = connect(join(data, 'redis.sock'))
  socket.setEncoding('utf8').end(`${command}\r\n`)
  let answer = ''
  for await (const text of socket) answer += text
  return answer.split('\r\n')[0] ?? ''
}
