import { type ReactNode, useEffect } from 'react'
import { Mark } from '../../shell/mark.tsx'
import styles from './front.module.css'

interface FrontProps {
  readonly title: string
  readonly children: ReactNode
}

/** The frame of the pages for who is not signed in. */
export function Front({ title, children }: FrontProps) {
  useEffect(() => {
    document.title = `${title} · Tagship`
  }, [title])
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <div className={styles.brand}>
          <Mark size={28} />
          <h1>{title}</h1>
        </div>
        {children}
      </div>
    </main>
  )
}
