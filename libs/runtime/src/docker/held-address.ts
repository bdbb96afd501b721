import { connect } from 'node:net'

/** An answer within the machine takes less than a thousandth of a second; nobody's never comes. */
const answerMs = 30

/** A port that nobody listens on: to be refused by somebody is as good as an answer (RFC 9293 §3.5.2). */
const port = 1

/**
 * Whether somebody answers at the address, whom the engine may know nothing of: where it is killed while it starts a
 * container, that container's network can outlive it, and keeps its address until the machine is started again.
 * No traffic would reach whoever gets the same one. Never throws; where it cannot be told, it is not held.
 */
export function isHeld(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const end = (held: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(held)
    }
    const timer = setTimeout(end, answerMs, false)
    socket.once('connect', () => end(true))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'))
  })
}
