/** Lists of the API, page after page. */
const largestPage = 200

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** At most `limit` items, from as many pages as that takes. */
export async function take<T>(
  limit: number,
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const size = Math.min(largestPage, limit - items.length)
    const page: Page<T> = await read({ limit: size, ...(cursor === null ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < limit)
  return items
}
