import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDocker, runCommand } from '@tagship/kit'
import { expect, it } from 'vitest'

const launcher = fileURLToPath(new URL('../../tagship', import.meta.url))

it('tagship demo tells the whole story, loses no request, and leaves nothing behind', async () => {
  const home = await mkdtemp(join(tmpdir(), 'tagship-demo-home-'))
  try {
    const began = Date.now()
    const outcome = await runCommand(launcher, ['demo', '--json'], { env: { HOME: home }, timeout: 170_000 })
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(Date.now() - began).toBeLessThan(90_000)
    const { deployments, traffic, rollbackMs } = JSON.parse(outcome.stdout)
    expect(
      deployments.map(
        ({ tag, trigger, servingAt }: { tag: string; trigger: string; servingAt: string | null }) => [
          tag,
          trigger,
          servingAt !== null,
        ],
      ),
    ).toEqual([
      ['v1.0.0', 'tag', true],
      ['v1.1.0', 'tag', true],
      ['v1.2.0', 'tag', false],
      ['v1.0.0', 'rollback', true],
    ])
    expect(traffic).toMatchObject({ failed: 0, answersByOld: 0 })
    expect(traffic.requests).toBeGreaterThan(500)
    expect(rollbackMs).toBeLessThan(5_000)
    const left = await createDocker().listContainers({
      all: true,
      filters: { label: ['dev.tagship.app=demo'] },
    })
    expect(left).toEqual([])
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})
