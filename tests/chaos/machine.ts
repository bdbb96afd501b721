/**
 * A machine of the test's own: a network with nothing in it but loopback, processes that end with it, a `/run` of
 * its own, and a Docker Engine that nobody else uses and that may therefore be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDocker, type Docker, runCommand } from '@tagship/kit'
import { until } from './until.ts'

export interface Machine {
  readonly docker: Docker
  readonly engine: Engine
  /**
   * A power cut: every process of the machine but this one is killed, and what the kernel held (network, mounts,
   * `/run`) is gone. Files stay as they are.
   */
  powerOff(): Promise<void>
}

interface Engine {
  /** Of dockerd. */
  pid(): number
  /**
   * With what the launcher gives it, but for live-restore where that is false: its containers then end with it.
   * Resolves when it answers.
   */
  start(options?: { readonly liveRestore: boolean }): Promise<void>
  /** Resolves when the process is gone; its containers go on where it was started with live-restore. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Only for a process that `run.ts` has put into its namespaces. `folder` holds the images to begin with. */
export async function startMachine(folder: string): Promise<Machine> {
  await run('ip', 'link', 'set', 'lo', 'up')
  const docker = createDocker()
  const engine = ownEngine(docker, join(folder, 'dockerd.log'))
  await engine.start()
  await run('docker', 'load', '--quiet', '--input', join(folder, 'images.tar'))
  return { docker, engine, powerOff }
}

function ownEngine(docker: Docker, logPath: string): Engine {
  let child: ChildProcess | null = null
  return {
    pid: () => child?.pid ?? 0,
    async start({ liveRestore } = { liveRestore: true }) {
      const log = await open(logPath, 'a')
      child = spawn('dockerd', liveRestore ? ['--live-restore'] : [], {
        stdio: ['ignore', log.fd, log.fd],
        detached: true,
      })
      await once(child, 'spawn')
      await log.close()
      await until('the engine answers', 60_000, async () => {
        if (child?.exitCode !== null) throw new Error(`dockerd ended at once; see ${logPath}`)
        return docker.ping().then(
          () => true,
          () => false,
        )
      })
    },
    async end(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

/** Containers too: their processes are this namespace's as well. */
async function powerOff(): Promise<void> {
  const spared = await ancestors(process.pid)
  // Twice: what starts children may have started one while the list was read.
  for (let round = 0; round < 2; round += 1) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    for (const pid of pids.filter((one) => !spared.has(one))) kill(pid)
    await sleep(50)
  }
  await forgetKernelState()
}

/** What a machine that is switched on has not. */
async function forgetKernelState(): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  const engines = mounts.filter((path) => /^\/(run|var\/lib\/docker)\//.test(path)).reverse()
  for (const path of engines) await runCommand('umount', ['--lazy', path])
  const { stdout } = await runCommand('ip', ['-oneline', 'link', 'show'])
  const links = [...stdout.matchAll(/^\d+: ([^:@]+)/gm)].map(([, name = '']) => name)
  for (const link of links.filter((name) => name !== 'lo')) await runCommand('ip', ['link', 'delete', link])
  for (const table of ['filter', 'nat']) {
    await runCommand('iptables', ['--table', table, '--flush'])
    await runCommand('iptables', ['--table', table, '--delete-chain'])
  }
  for (const name of await readdir('/run')) await rm(join('/run', name), { recursive: true, force: true })
}

async function ancestors(pid: number): Promise<Set<number>> {
  const found = new Set<number>()
  for (let next = pid; next > 0; ) {
    found.add(next)
    const status = await readFile(`/proc/${next}/status`, 'utf8').catch(() => '')
    next = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return found
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr, startError } = await runCommand(program, args, { timeout: 120_000 })
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${startError ?? stderr}`)
}
