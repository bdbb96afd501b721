/** Ten apps get a tag at once (`npm run load` lets a hundred). The machine may have other things to do meanwhile. */
import { fileURLToPath } from 'node:url'
import { runCommand } from '@tagship/kit'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('load.ts', import.meta.url))

it('many apps that get a tag at once are served in turn', { timeout: 300_000 }, async () => {
  const args = [program, '--apps', '10', '--api-p95', '2000']
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, args, { timeout: 280_000 })
  expect({ exitCode, wrong: stdout.split('\n').filter((line) => line.startsWith('✖')) }, stderr).toEqual({
    exitCode: 0,
    wrong: [],
  })
})
