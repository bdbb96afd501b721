/** What the navigation lists. A page that is not ready is not in it. */
import LayoutGrid from 'lucide-react/icons/layout-grid'
import type { LucideIcon } from 'lucide-react/types'

interface NavigationEntry {
  readonly to: '/'
  readonly label: string
  readonly icon: LucideIcon
  /** Pressed after `g`. */
  readonly key: string
}

export const navigation: readonly NavigationEntry[] = [
  { to: '/', label: 'Overview', icon: LayoutGrid, key: 'o' },
]
