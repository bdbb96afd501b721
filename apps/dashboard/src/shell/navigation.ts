/** What the navigation lists. A page that is not ready is not in it. */
import ChartNoAxesColumn from 'lucide-react/icons/chart-no-axes-column'
import KeyRound from 'lucide-react/icons/key-round'
import LayoutGrid from 'lucide-react/icons/layout-grid'
import ScrollText from 'lucide-react/icons/scroll-text'
import Server from 'lucide-react/icons/server'
import Tags from 'lucide-react/icons/tags'
import type { LucideIcon } from 'lucide-react/types'

interface NavigationEntry {
  readonly to: '/' | '/tags' | '/figures' | '/audit' | '/access' | '/system'
  readonly label: string
  readonly icon: LucideIcon
  /** Pressed after `g`. */
  readonly key: string
}

export const navigation: readonly NavigationEntry[] = [
  { to: '/', label: 'Overview', icon: LayoutGrid, key: 'o' },
  { to: '/tags', label: 'Tags', icon: Tags, key: 't' },
  { to: '/figures', label: 'Figures', icon: ChartNoAxesColumn, key: 'f' },
  { to: '/audit', label: 'Audit', icon: ScrollText, key: 'a' },
  { to: '/access', label: 'Access', icon: KeyRound, key: 'c' },
  { to: '/system', label: 'System', icon: Server, key: 's' },
]
