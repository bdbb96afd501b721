import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { TagshipError } from '@tagship/domain'
import { waitUntil } from './processes.ts'

/** Below the ports that the system gives to outgoing connections, so that none is in the way at a restart. */
const lowest = 20_000
const highest = 30_000

/** The last children of a server that was killed hold its port for a moment. */
const patienceMs = 5_000

const fileOf = (folder: string) => join(folder, 'postgres.port')

/** The port of the last start where it is free, else a free one, which is remembered. */
export async function choosePort(folder: string): Promise<number> {
  const remembered = await rememberedPort(folder)
  if (remembered !== null && (await waitUntil(() => isFree(remembered), patienceMs))) return remembered
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowest, highest)
    if (!(await isFree(port))) continue
    await writeFile(fileOf(folder), `${port}\n`, { flush: true })
    return port
  }
  throw new TagshipError('port.taken', `no free port for Postgres between ${lowest} and ${highest}`)
}

async function rememberedPort(folder: string): Promise<number | null> {
  const port = Number(await readFile(fileOf(folder), 'utf8').catch(() => ''))
  return Number.isInteger(port) && port > 0 ? port : null
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
