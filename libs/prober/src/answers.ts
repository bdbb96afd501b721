/** Who answered when: the start of every request that a version answered, for as many as there is room. */

export interface Answers {
  add(version: string, startedAt: number): void
  /**
   * How many requests that were started after the one moment and before the other were answered by the version.
   * A moment counts in whole milliseconds: a request of the same one is neither after nor before it.
   * Throws a RangeError where requests of that time are forgotten already, so that a 0 is always a true one.
   */
  by(version: string, after: number, before?: number): number
}

/** 8 MB; an hour and a half at the default pace. */
const room = 1_000_000

export function createAnswers(capacity = room): Answers {
  const starts = new Float64Array(capacity)
  const versions = new Uint16Array(capacity)
  const known = new Map<string, number>()
  let total = 0
  let latestForgotten = Number.NEGATIVE_INFINITY

  return {
    add: (version, startedAt) => {
      const id = known.get(version) ?? known.size
      known.set(version, id)
      const place = total % capacity
      if (total >= capacity) latestForgotten = Math.max(latestForgotten, starts[place] ?? 0)
      starts[place] = startedAt
      versions[place] = id
      total += 1
    },
    by: (version, after, before = Number.POSITIVE_INFINITY) => {
      if (latestForgotten > after) {
        throw new RangeError(
          `answers to requests from before ${new Date(latestForgotten).toISOString()} are forgotten`,
        )
      }
      const id = known.get(version)
      let count = 0
      for (let place = 0; place < Math.min(total, capacity); place += 1) {
        const startedAt = starts[place] ?? 0
        if (versions[place] === id && startedAt > after && startedAt < before) count += 1
      }
      return count
    },
  }
}
