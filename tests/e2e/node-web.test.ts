import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../support/installation.ts'

const folder = fileURLToPath(new URL('../../examples/node-web', import.meta.url))

/** An answer that had begun before SIGTERM cannot say that its connection ends: the one after it has to. */
test('the example closes no kept connection before an answer has said so', async () => {
  const port = await freePort()
  const app = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void app.kill('SIGKILL'))
  const ended = once(app, 'exit')
  await once(app.stdout, 'data')

  const stream = await fetch(`http://127.0.0.1:${port}/stream?ms=750`)
  app.kill('SIGTERM')
  await stream.text()
  await sleep(500)
  // Nobody listens by now for a new one.
  const last = await fetch(`http://127.0.0.1:${port}/version`)
  expect(await last.text()).not.toBe('')
  expect([stream, last].map(({ headers }) => headers.get('connection'))).toEqual(['keep-alive', 'close'])
  const toldAt = performance.now()
  expect(await ended).toEqual([0, null])
  // It lets half a second pass before it closes for good, and then answers the last packets for a second.
  expect(performance.now() - toldAt).toBeGreaterThan(1_000)
})
