/** Latencies in buckets that grow by 2 %: percentiles to within that, in a memory that does not grow. */

export interface Latencies {
  add(ms: number): void
  /** The latency that the share `rank` (0 to 1) of all requests did not exceed; 0 where there were none. */
  percentile(rank: number): number
  readonly max: number
}

const growth = Math.log(1.02)
const smallestMs = 0.05
const bucketCount = 900

export function createLatencies(): Latencies {
  const buckets = new Uint32Array(bucketCount)
  let count = 0
  let max = 0
  return {
    add: (ms) => {
      const index = Math.ceil(Math.log(Math.max(ms, smallestMs) / smallestMs) / growth)
      const bucket = Math.min(index, bucketCount - 1)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
      count += 1
      max = Math.max(max, ms)
    },
    percentile: (rank) => {
      let left = Math.ceil(count * rank)
      if (left === 0) return 0
      const bucket = buckets.findIndex((size) => {
        left -= size
        return left <= 0
      })
      return Math.min(smallestMs * Math.exp(bucket * growth), max)
    },
    get max() {
      return max
    },
  }
}
