import Search from 'lucide-react/icons/search'
import { modKey } from '../data/shortcuts.ts'
import { Key } from '../parts/values.tsx'
import styles from './search-button.module.css'

export function SearchButton({ onClick }: { readonly onClick: () => void }) {
  return (
    <button type="button" className={styles.button} onClick={onClick}>
      <Search aria-hidden="true" />
      <span>Search or jump to</span>
      <Key className={styles.key ?? ''}>{`${modKey} K`}</Key>
    </button>
  )
}
