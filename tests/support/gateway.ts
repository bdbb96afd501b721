/** A TCP relay on loopback between a controller and a server, which can lose the way. */
import { once } from 'node:events'
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

export interface Gateway extends AsyncDisposable {
  readonly port: number
  /** Ends every connection, in the middle of whatever it carries; new ones are let through. */
  cutConnections(): void
  /** `refuse`: connections end, and new ones at once. `hang`: nothing moves any more, and nobody is told. */
  close(how: 'refuse' | 'hang'): void
  /** Lets everything through again. */
  open(): void
}

export async function openGateway(target: NetConnectOpts): Promise<Gateway> {
  let state: 'open' | 'refuse' | 'hang' = 'open'
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket | null }>()

  const cut = () => {
    for (const { near, far } of pairs) {
      near.destroy()
      far?.destroy()
    }
    pairs.clear()
  }
  const relay = (near: Socket): void => {
    near.on('error', () => {})
    if (state === 'refuse') return void near.destroy()
    if (state === 'hang') return void pairs.add({ near, far: null })
    const far = connect(target)
    const pair = { near, far }
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    far.on('error', end).on('close', end)
    near.on('close', end)
    near.pipe(far).pipe(near)
  }
  const server = createServer(relay).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the gateway has no port')
  return {
    port: address.port,
    cutConnections: cut,
    close(how) {
      state = how
      if (how === 'refuse') return cut()
      for (const { near, far } of pairs) {
        near.unpipe()
        far?.unpipe()
      }
    },
    open() {
      // What hung has lost bytes on both sides: such a connection never comes back to life.
      if (state === 'hang') cut()
      state = 'open'
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
