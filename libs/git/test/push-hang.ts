/** A controller whose deployment never ends, to be killed in the middle: FOLDER. Prints its port, then `pushed`. */
import { createServer } from 'node:http'
import { createPushEndpoint } from '../src/index.ts'

const quiet = () => {}
const server = createServer(
  createPushEndpoint({
    folder: process.argv[2] ?? '',
    authorize: () => ({ actor: 'ada' }),
    onPush: async (_, say) => {
      say('building')
      process.stdout.write('pushed\n')
      await new Promise(() => {})
    },
    log: { info: quiet, warn: quiet, error: quiet },
  }),
)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
