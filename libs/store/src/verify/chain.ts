import { brokenLink, type ChainEnd, emptyChain } from '@tagship/domain'
import type { VerifiedChain } from './history.ts'

export interface Link extends ChainEnd {
  readonly previousHash: string
  /** The hash that it should have. */
  readonly computed: string
  /** Its number in the order of writing. */
  readonly id: bigint
}

/**
 * Walks a chain from its beginning to the head that is recorded for it.
 * @param what how its links are called
 * @param pages in the order of seq
 */
export async function verifyChain(
  what: string,
  head: ChainEnd,
  pages: AsyncIterable<readonly Link[]>,
  onLink: (link: ChainEnd) => void,
): Promise<VerifiedChain> {
  let end = emptyChain
  let id = 0n
  const verdict = (seq: number, problem: string): VerifiedChain => ({
    length: end.seq,
    head: end.hash,
    broken: { seq, problem },
  })
  for await (const page of pages) {
    for (const link of page) {
      const problem = brokenLink(what, end, link, link.computed)
      const seq = end.seq + 1
      if (problem) return verdict(seq, problem)
      if (link.id <= id) return verdict(seq, `${what} ${seq} was given another place in the feed`)
      if (seq > head.seq) {
        return verdict(seq, `${what} ${seq} was put in; ${head.seq} were written`)
      }
      end = link
      id = link.id
      onLink(link)
    }
  }
  const next = end.seq + 1
  if (end.seq < head.seq) return verdict(next, `${what} ${next} is missing; there should be ${head.seq}`)
  if (end.hash !== head.hash) {
    return verdict(end.seq, `${what} ${end.seq} is not the one that was written last`)
  }
  return { length: end.seq, head: end.hash, broken: null }
}
