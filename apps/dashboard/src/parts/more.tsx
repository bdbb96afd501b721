import { textOf } from '../data/commands.ts'
import { Button } from './button.tsx'
import styles from './more.module.css'

interface MoreProps {
  /** What useInfiniteQuery gives. */
  readonly list: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly isFetchNextPageError: boolean
    readonly error: Error | null
    readonly fetchNextPage: () => unknown
  }
  readonly children: string
}

/** Below a list that goes on. */
export function More({ list, children }: MoreProps) {
  if (!list.hasNextPage) return null
  return (
    <div className={styles.more}>
      {list.isFetchNextPageError && list.error && <p role="alert">{textOf(list.error)}</p>}
      <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
        {list.isFetchingNextPage ? 'Loading' : children}
      </Button>
    </div>
  )
}
