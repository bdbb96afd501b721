/** Where a program listens that does not listen where it should: the kernel knows, on the same machine. */
import { readFile } from 'node:fs/promises'
import { type Context, inspectContainer } from './engine.ts'
import { belongsTo } from './processes.ts'

const listenState = '0A'

interface Listener {
  readonly port: number
  readonly loopback: boolean
}

/** `; it listens on port 3000`, or nothing where it is not known. @throws engine.* */
export async function whatListens(context: Context, containerId: string, port: number): Promise<string> {
  const pid = (await inspectContainer(context, containerId))?.State.Pid ?? 0
  if (pid === 0 || !(await belongsTo(pid, containerId))) return ''
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  )
  const listeners = tables.flatMap(parseListeners)
  const wanted = listeners.filter((listener) => listener.port === port)
  if (wanted.length > 0 && wanted.every(({ loopback }) => loopback)) {
    return ` but on 127.0.0.1 only; it has to listen on 0.0.0.0`
  }
  if (wanted.length > 0) return `, seen from here; it does listen there: somebody else may have its address`
  const ports = [...new Set(listeners.map((listener) => listener.port))].sort((a, b) => a - b)
  return ports.length > 0 ? `; it listens on ${ports.join(', ')}` : ''
}

/** Rows of /proc/net/tcp: `sl local_address rem_address st …`, addresses as HEX:PORT with their bytes reversed. */
export function parseListeners(table: string): Listener[] {
  return table.split('\n').flatMap((row) => {
    const [, local = '', , state] = row.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    // 127.0.0.11 is the engine's own name server.
    if (state !== listenState || address === '0B00007F') return []
    const loopback =
      /^(0{16}(0{8}|FFFF0000))?[0-9A-F]{6}7F$/.test(address) || address === `${'0'.repeat(24)}01000000`
    return [{ port: Number.parseInt(port, 16), loopback }]
  })
}
