/** Numbers that look random and follow from a seed alone. */
export interface Random {
  /** From `low` up to, and without, `high`. */
  between(low: number, high: number): number
  /** One of them, as often as its weight says. */
  pick<T>(choices: readonly (readonly [weight: number, choice: T])[]): T
}

/** mulberry32, begun with the FNV-1a hash of the seed. */
export function createRandom(seed: string): Random {
  let state = 0x811c9dc5
  for (const byte of Buffer.from(seed)) state = Math.imul(state ^ byte, 0x01000193)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (low, high) => low + Math.floor(next() * (high - low)),
    pick(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0)
      const found = choices.find(([weight]) => {
        left -= weight
        return left < 0
      })
      const [, choice] = found ?? choices[choices.length - 1] ?? []
      if (choice === undefined) throw new RangeError('there is nothing to pick from')
      return choice
    },
  }
}
