/** The program that `queue.real.test.ts` kills: takes a job, says so, and never ends. */
import { createLogger } from '@tagship/kit'
import { openQueue } from '../src/index.ts'

const options = JSON.parse(String(process.argv[2]))
const queue = await openQueue({ ...options, log: createLogger('worker', 'silent') })
queue.work('deployments', 1, async (subject) => {
  process.stdout.write(`${subject}\n`)
  await new Promise(() => {})
})
setInterval(() => {}, 60_000)
