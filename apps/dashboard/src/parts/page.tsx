import { type ReactNode, useEffect } from 'react'
import styles from './page.module.css'

interface PageProps {
  /** Of the browser's tab. */
  readonly name: string
  readonly title?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** The frame of every page: its heading, what can be done with it, its content. */
export function Page({ name, title = name, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${name} · Tagship`
  }, [name])
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1 className={styles.title}>{title}</h1>
        {aside && <div className={styles.aside}>{aside}</div>}
      </header>
      {children}
    </div>
  )
}
