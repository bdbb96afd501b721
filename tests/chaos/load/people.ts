/**
 * The people who push: a process of its own, since they sit elsewhere. What git computes before it sends is not work
 * of the machine that they push to; as it has to be done here, it is done in a session of its own, at normal priority.
 * Ends when all of them have their answer: with 1 where a push was refused.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PushOptions, push } from '@tagship/tests/push'

export interface TimedPush extends PushOptions {
  readonly afterMs: number
}

/** @returns their exit code, once all of them have their answer */
export async function letThemPush(pushes: readonly TimedPush[]): Promise<number | null> {
  const people = fork(import.meta.filename, { detached: true, stdio: 'inherit' })
  people.send(pushes)
  const [exitCode] = (await once(people, 'exit')) as [number | null]
  return exitCode
}

if (process.argv[1] === import.meta.filename) {
  setPriority(0)
  const [pushes] = (await once(process, 'message')) as [TimedPush[]]
  process.disconnect()
  const ends = await Promise.all(
    pushes.map(async ({ afterMs, ...options }) => {
      await sleep(afterMs)
      return push(options)
    }),
  )
  for (const { exitCode, timedOut, stderr } of ends)
    if (exitCode !== 0 && !timedOut) process.stderr.write(`a push was refused:\n${stderr}\n`)
  // Who has waited long enough leaves, and the deployment goes on.
  process.exitCode = ends.every(({ exitCode, timedOut }) => exitCode === 0 || timedOut) ? 0 : 1
}
