/** What the kernel knows of the machine while it works. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const lookMs = 50

export interface MachineFigures {
  /** Of the controller. */
  readonly rssMbAtStart: number
  readonly rssMbAtMost: number
  /** Processes that run the build step at the same time, at most. */
  readonly buildStepsAtMost: number
}

export function watchMachine(controller: number, buildStep: string): { stop(): Promise<MachineFigures> } {
  const stopping = new AbortController()
  const watching = (async () => {
    const rssMbAtStart = await rssMb(controller)
    let [rssMbAtMost, buildStepsAtMost] = [rssMbAtStart, 0]
    while (!stopping.signal.aborted) {
      rssMbAtMost = Math.max(rssMbAtMost, await rssMb(controller))
      buildStepsAtMost = Math.max(buildStepsAtMost, await countProcesses(buildStep))
      await sleep(lookMs)
    }
    return { rssMbAtStart, rssMbAtMost, buildStepsAtMost }
  })()
  return {
    stop() {
      stopping.abort()
      return watching
    },
  }
}

async function countProcesses(command: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.split('\0').join(' ').trim() === command).length
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1_024)
}
