import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createTurns, type TakeTurn } from '../src/index.ts'

const soon = async () => {
  for (let round = 0; round < 5; round += 1) await turnOfLoop()
}

/** Takes a turn and writes down when it begins. */
function taker(takeTurn: TakeTurn, begun: string[]) {
  return (name: string) =>
    takeTurn().then((turn) => {
      begun.push(name)
      return turn
    })
}

it('lets so many begin, and the next when one has ended, in the order in which they came', async () => {
  const begun: string[] = []
  const take = taker(createTurns({ atOnce: 2, longestMs: 60_000 }), begun)
  const [first, , third] = [take('a'), take('b'), take('c'), take('d')]
  await soon()
  expect(begun).toEqual(['a', 'b'])
  const turn = await first
  turn[Symbol.dispose]()
  turn[Symbol.dispose]()
  await soon()
  expect(begun).toEqual(['a', 'b', 'c'])
  const last = await third
  last[Symbol.dispose]()
  await soon()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

it('does not wait for one that takes long', async () => {
  const begun: string[] = []
  const take = taker(createTurns({ atOnce: 1, longestMs: 10 }), begun)
  await Promise.all([take('a'), take('b')])
  expect(begun).toEqual(['a', 'b'])
})
