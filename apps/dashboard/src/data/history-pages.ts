import type { ListedDeploymentJson } from '@tagship/api'
import type { InfiniteData } from '@tanstack/react-query'

export interface HistoryPage {
  readonly items: ListedDeploymentJson[]
  readonly next: string | null
}
export type History = InfiniteData<HistoryPage, string | undefined>

/** Pure. What the newest page covers is as it says; pages may become longer, and cursors stay good. */
export function withNewest(history: History, newest: HistoryPage): History {
  const lowest = newest.next === null ? 0 : (newest.items.at(-1)?.number ?? 0)
  const [first, ...others] = history.pages
  if (!first) return history
  const older = first.items.filter(({ number }) => number < lowest)
  const top = { items: [...newest.items, ...older], next: first.next }
  const covered = others.map((page) => ({
    ...page,
    items: page.items.filter(({ number }) => number < lowest),
  }))
  return { ...history, pages: [top, ...covered] }
}
