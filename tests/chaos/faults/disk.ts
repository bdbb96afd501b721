/** A disk is full: that of the engine, or that of the data folder. */
import { randomBytes } from 'node:crypto'
import { readFile, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '@tagship/domain'
import { runCommand } from '@tagship/kit'
import type { Cell, Expected } from '../cell.ts'
import { until } from '../until.ts'
import { app, type World } from '../world.ts'

const engineFolder = '/var/lib/docker'
const sampleDockerfile = new URL('../../../examples/node-web/Dockerfile', import.meta.url)
/** Longer than a build is tried again. */
const giveUpMs = 150_000

/** That of the sample, with a step that meets a full disk by itself. */
const fullDockerfile = `ARG BASE
FROM \${BASE}
RUN cat /etc/passwd >/dev/full
`

export const diskFaults: readonly Cell[] = [
  {
    fault: 'disk full',
    at: 'of the engine, deploy: building',
    servers: 'own',
    async strike(world) {
      const filler = join(engineFolder, 'filler')
      return failsWithout(world, 'build.noSpace', {
        damage: () => fill(filler),
        mend: () => rm(filler),
      })
    },
  },
  {
    fault: 'disk full',
    at: 'for a program of a build',
    servers: 'own',
    async strike(world) {
      const before = await world.version()
      await world.release({ Dockerfile: fullDockerfile })
      await untilFailed(world, 'build.noSpace', before)
      const dockerfile = await readFile(sampleDockerfile, 'utf8')
      return { serves: await world.release({ Dockerfile: dockerfile }) }
    },
  },
  {
    fault: 'disk full',
    at: 'of the spool folder, deploy: building',
    servers: 'own',
    representative: true,
    async strike(world) {
      const spool = join(world.at.data, 'spool')
      return failsWithout(world, 'data.noSpace', {
        damage: () => run('mount', '-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', spool),
        mend: () => run('umount', '--lazy', spool),
      })
    },
  },
  {
    fault: 'disk full',
    at: 'of the git folder, at a push',
    servers: 'own',
    async strike(world) {
      const before = await world.newest()
      const repository = join(world.at.data, 'git', `${app}.git`)
      const copy = join(world.at.data, 'full')
      await run('mkdir', copy)
      await run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', copy)
      await run('cp', '-a', `${repository}/.`, copy)
      await run('mount', '--move', copy, repository)
      const serves = await world.release({ 'large.txt': randomBytes(2_000_000).toString('base64') })
      const after = await world.newest()
      if (after.id !== before.id) throw new Error('a push that found no room was deployed')
      await run('umount', '--lazy', repository)
      await run('rmdir', copy)
      const pushed = await world.at.push(app, world.repository, 'main', `v${serves}`)
      if (pushed.exitCode !== 0) throw new Error(`the next push failed: ${pushed.stderr}`)
      return { serves }
    },
  },
]

/** A deployment fails while there is no room, what was live serves on, and the next try goes well. */
async function failsWithout(
  world: World,
  code: ErrorCode,
  room: { damage(): Promise<void>; mend(): Promise<void> },
): Promise<Expected> {
  const before = await world.version()
  await room.damage()
  let serves: string
  try {
    serves = await world.release()
    await untilFailed(world, code, before)
  } finally {
    await room.mend()
  }
  const mendedAt = performance.now()
  const { exitCode, stderr } = await world.at.tagship('deploy', app, `v${serves}`, '--detach')
  if (exitCode !== 0) throw new Error(`the next deployment was refused: ${stderr}`)
  return { serves, mendedAt, withinMs: 60_000 }
}

async function untilFailed(world: World, code: ErrorCode, before: string): Promise<void> {
  await until('the deployment has failed', giveUpMs, async () => (await world.newest()).state === 'failed')
  const { failure } = await world.newest()
  if (failure?.code !== code) throw new Error(`it failed with ${failure?.code}: ${failure?.message}`)
  if (!/no space left/i.test(failure.message)) throw new Error(`it does not say why: ${failure.message}`)
  if ((await world.version()) !== before) throw new Error('what was live does not serve on')
}

/** Takes all the room that is left. */
async function fill(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(engineFolder)
  await run('fallocate', '--length', `${bavail * bsize}`, path)
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr, startError } = await runCommand(program, args, { timeout: 60_000 })
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${startError ?? stderr}`)
}
