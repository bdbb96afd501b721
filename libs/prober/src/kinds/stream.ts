/**
 * Answers that come in chunks, one each 250 ms: lines `NUMBER VERSION`, from 0, and `end` as the last one.
 * Each has to be there, in order, and all from the same version.
 */
import { ask, openClient } from '../client.ts'
import type { Lane, Target } from '../lane.ts'

export function stream(target: Target): Lane {
  const client = openClient(target)
  return {
    send: async (request) => {
      const path = `/stream?ms=${target.streamMs}`
      const body = await ask(client, target, request, { method: 'GET', path })
      const check = checkLines()
      for await (const line of linesOf(body)) {
        check.line(line)
        request.alive()
      }
      check.complete()
    },
    close: () => client.destroy(),
  }
}

function checkLines() {
  let next = 0
  let version: string | undefined
  let ended = false
  return {
    line: (line: string) => {
      if (ended) throw new Error('the stream went on after its end')
      if (line === 'end') {
        ended = true
        return
      }
      const [number, from] = line.split(' ')
      if (number !== String(next)) throw new Error(`chunk "${number}" came where ${next} was due`)
      version ??= from
      if (from !== version) throw new Error(`chunk ${next} is of ${from}, those before of ${version}`)
      next += 1
    },
    complete: () => {
      if (!ended) throw new Error(`the stream ended after ${next} chunks, without its last line`)
    },
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest) yield rest
}
