/** Runs a program on a machine of its own: namespaces, and a Docker Engine that nobody else uses. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@tagship/kit'
import { type Machine, startMachine } from './machine.ts'

/**
 * Starts this very program again inside of the machine, where `run` is called; outside it only waits, and
 * removes what is left. @returns the exit code
 */
export async function onOwnMachine(run: (machine: Machine) => Promise<number>): Promise<number> {
  /** Set for the process inside: the folder that the one outside has made for it. */
  const folder = process.env.TAGSHIP_CHAOS_FOLDER
  if (!folder) return enter()
  const machine = await startMachine(folder)
  takePriority()
  try {
    return await run(machine)
  } finally {
    await machine.powerOff()
  }
}

/** Users sit elsewhere: they are not kept waiting for a core of the machine that they use. */
function takePriority(): void {
  setPriority(-10)
  if (existsSync('/proc/self/autogroup')) writeFileSync('/proc/self/autogroup', '-10')
}

async function enter(): Promise<number> {
  if (process.getuid?.() !== 0) {
    process.stderr.write('A machine of its own needs root: sudo npm run …\n')
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'tagship-chaos-'))
  try {
    await saveImages(join(folder, 'images.tar'))
    const script = fileURLToPath(new URL('enter-machine.sh', import.meta.url))
    const namespaces = ['--net', '--mount', '--propagation', 'private', '--pid', '--mount-proc']
    const command = ['sh', script, process.execPath, ...process.argv.slice(1)]
    const child = spawn('unshare', [...namespaces, '--fork', '--kill-child', ...command], {
      stdio: 'inherit',
      // A session of its own, whose precedence is not that of somebody's shell.
      detached: true,
      env: { ...process.env, TAGSHIP_CHAOS_FOLDER: folder },
    })
    // unshare heeds no other signal. The first process of the namespace goes with it, and takes all others along.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => child.kill('SIGKILL'))
    const [code] = await once(child, 'exit')
    return code ?? 1
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Those that the launcher has prepared, out of this machine's engine. What is built on them has their label too. */
async function saveImages(path: string): Promise<void> {
  const ours = ['--filter', 'label=dev.tagship.image', '--filter', 'reference=tagship/*:*']
  const list = ['image', 'ls', ...ours, '--format', '{{.Repository}}:{{.Tag}}']
  const { stdout } = await runCommand('docker', list)
  const names = stdout.trim().split('\n').filter(Boolean)
  if (names.length < 2) throw new Error('the images for router and base are missing; run: ./tagship prepare')
  const saved = await runCommand('docker', ['save', '--output', path, ...names])
  if (saved.exitCode !== 0) throw new Error(`docker save: ${saved.stderr}`)
}
