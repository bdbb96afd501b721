import { connect } from 'node:net'

/** Whether a Redis at the socket takes commands; false also while it still loads its data. */
export function answersPing(socketPath: string, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const settle = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => settle(answer.toString().startsWith('+PONG')))
  })
}
