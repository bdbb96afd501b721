import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { followChanges } from '../data/live.ts'
import { followReadiness } from '../data/readiness.ts'
import { useShortcuts } from '../data/shortcuts.ts'
import { AccountMenu } from './account-menu.tsx'
import { ConnectionState } from './connection-state.tsx'
import { Degraded } from './degraded.tsx'
import { Mark } from './mark.tsx'
import { navigation } from './navigation.ts'
import { SearchButton } from './search-button.tsx'
import styles from './shell.module.css'

// Fetched when first asked for: they are no part of the first load.
const CommandPalette = lazy(() => import('./command-palette.tsx'))
const ShortcutHelp = lazy(() => import('./shortcut-help.tsx'))

/** What stays while pages come and go: navigation, search, the state of the connection. */
export function Shell() {
  const queryClient = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'help' | null>(null)
  useEffect(() => {
    const stopping = new AbortController()
    void followChanges(queryClient, stopping.signal)
    void followReadiness(stopping.signal)
    return () => stopping.abort()
  }, [queryClient])
  useGlobalKeys(setOpen)

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        Skip to the content
      </a>
      <header className={styles.bar}>
        <Link to="/" className={styles.brand} aria-label="Tagship: overview">
          <Mark />
          <span>Tagship</span>
        </Link>
        <SearchButton onClick={() => setOpen('palette')} />
        <div className={styles.right}>
          <ConnectionState />
          <AccountMenu onHelp={() => setOpen('help')} />
        </div>
      </header>
      <nav className={styles.nav} aria-label="Pages">
        {navigation.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/' }} className={styles.link}>
            <Icon aria-hidden="true" />
            {label}
          </Link>
        ))}
      </nav>
      <main id="content" className={styles.content} tabIndex={-1}>
        <Degraded />
        <Outlet />
      </main>
      <Suspense>
        {open === 'palette' && <CommandPalette onClose={() => setOpen(null)} />}
        {open === 'help' && <ShortcutHelp onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  )
}

function useGlobalKeys(setOpen: (what: 'palette' | 'help') => void): void {
  const navigate = useNavigate()
  useShortcuts([
    { keys: 'mod+k', does: 'Search, or jump to an app', run: () => setOpen('palette') },
    { keys: '?', does: 'Show the keys', run: () => setOpen('help') },
    ...navigation.map(({ to, label, key }) => ({
      keys: `g ${key}`,
      does: `Go to ${label}`,
      run: () => void navigate({ to }),
    })),
  ])
}
