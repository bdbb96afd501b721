/**
 * Ten apps get a tag at once (`npm run load` lets a hundred, and holds the API's latency against its target). Here
 * order, builds at once and lost requests decide; the latency only has to be finite, since machines differ fourfold
 * in how long they take to start a process.
 */
import { fileURLToPath } from 'node:url'
import { runCommand } from '@tagship/kit'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('load.ts', import.meta.url))

it('many apps that get a tag at once are served in turn', { timeout: 300_000 }, async () => {
  const args = [program, '--apps', '10', '--api-p95', '10000']
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, args, { timeout: 280_000 })
  expect({ exitCode, wrong: stdout.split('\n').filter((line) => line.startsWith('✖')) }, stderr).toEqual({
    exitCode: 0,
    wrong: [],
  })
})
