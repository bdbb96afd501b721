/** A lock between processes of this machine. The kernel takes it back when its holder ends, however it ends. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const lookMs = 50

/**
 * Waits for the lock for at most `patienceMs`. Dispose of it to give it back.
 * @returns null where somebody else still has it then
 */
export async function takeLock(name: string, patienceMs: number): Promise<AsyncDisposable | null> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const lock = await tryLock(name)
    if (lock || performance.now() > deadline) return lock
    await sleep(lookMs)
  }
}

async function tryLock(name: string): Promise<AsyncDisposable | null> {
  const server = createServer((socket) => socket.destroy())
  // An abstract name of unix(7) belongs to one socket at a time, and there is no file that could be left over.
  // Only Linux has them: elsewhere nobody is kept apart.
  if (process.platform === 'linux') server.listen(`\0tagship/${name}`)
  else server.listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null
    throw error
  }
  server.unref()
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
