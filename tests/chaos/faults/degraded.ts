/** What the command line says while a server is away; and that commands which wait, wait on. */
import { quickManifest } from '@tagship/tests/sample-app'
import type { Cell } from '../cell.ts'
import { app, type World } from '../world.ts'

const parts = {
  postgres: { fault: 'Postgres unreachable (refused)', statusExit: 7 },
  redis: { fault: 'Redis unreachable (refused)', statusExit: 0 },
} as const

export const degradedFaults: readonly Cell[] = (['postgres', 'redis'] as const).map((part) => ({
  fault: parts[part].fault,
  at: 'deploy --wait, status, doctor',
  servers: 'given',
  ...(part === 'postgres' ? { representative: true } : {}),
  async strike(world: World) {
    const gateway = world.given?.[part].gateway
    if (!gateway) throw new Error('the world has no servers of its own')
    await world.arm('verifying.claimed:pause')
    await world.at.json(['hold', app])
    const { version, pushed } = await world.begin({ 'tagship.yaml': quickManifest })
    await pushed
    const deploying = world.at.tagship('deploy', app, `v${version}`, '--wait=live')
    await world.untilState('verifying')
    gateway.close('refuse')
    await world.resumeController()
    await expectWords(world, part).finally(() => gateway.open())
    const mendedAt = performance.now()
    const { exitCode, stderr } = await deploying
    if (exitCode !== 0) throw new Error(`deploy --wait ended with ${exitCode}: ${stderr}`)
    await world.at.json(['resume', app])
    return { serves: version, mendedAt }
  },
}))

async function expectWords({ at }: World, part: keyof typeof parts): Promise<void> {
  const name = part === 'redis' ? 'queue' : part
  const [status, doctor] = await Promise.all([
    at.tagship('status', app),
    at.tagship('doctor', '--data', at.data),
  ])
  const wrong = [
    status.exitCode === parts[part].statusExit ? null : `status ended with ${status.exitCode}`,
    /degraded: apps serve on/.test(status.stderr) && status.stderr.includes(name)
      ? null
      : `status said: ${status.stderr}`,
    doctor.exitCode === 1 ? null : `doctor ended with ${doctor.exitCode}`,
    /degraded/.test(doctor.stdout) && doctor.stdout.includes(`${name}:`)
      ? null
      : `doctor said: ${doctor.stdout}`,
  ].filter((problem) => problem !== null)
  if (wrong.length > 0) throw new Error(wrong.join('; '))
}
