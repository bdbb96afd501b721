import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { classNames } from './class-names.ts'
import styles from './columns.module.css'

export type ColumnLook = 'ink' | 'blue' | 'green' | 'bad' | 'back'

export interface Column {
  readonly key: string
  /** What it stands for: a day, a release. */
  readonly name: string
  /** From below to above. */
  readonly parts: readonly { readonly look: ColumnLook; readonly amount: number }[]
  /** What is said of it where somebody points at it. */
  readonly says: string
}

interface ColumnsProps {
  readonly label: string
  readonly columns: readonly Column[]
  readonly format: (amount: number) => string
  /** What the looks mean, where there is more than one. */
  readonly legend?: ReactNode
}

/** So many have room for gaps between them. */
const few = 40

/** Amounts side by side. Pointing at one, or walking over them with the arrow keys, reads it. */
export function Columns({ label, columns, format, legend }: ColumnsProps) {
  const [at, setAt] = useState<number | null>(null)
  const top = Math.max(1, ...columns.map(total))
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = at === null ? columns.length - 1 : at + step
    setAt(Math.min(columns.length - 1, Math.max(0, next)))
  }
  const read = at === null ? undefined : columns[at]
  return (
    <figure className={styles.figure}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in */}
      <div
        role="group"
        aria-label={`${label}; arrow keys read each`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys walk over the columns
        tabIndex={0}
        className={classNames(styles.plot, columns.length <= few && styles.few)}
        onKeyDown={walk}
        onBlur={() => setAt(null)}
        onPointerLeave={() => setAt(null)}
      >
        <span className={styles.top}>{format(top)}</span>
        {columns.map((column, index) => (
          <div
            key={column.key}
            className={classNames(styles.column, index === at && styles.read)}
            onPointerEnter={() => setAt(index)}
          >
            {column.parts.map(({ look, amount }) => (
              <i key={look} className={styles[look]} style={{ height: `${(amount / top) * 100}%` }} />
            ))}
          </div>
        ))}
      </div>
      <figcaption className={styles.caption} aria-live="polite">
        {read ? (
          <span>
            <b>{read.name}</b> {read.says}
          </span>
        ) : (
          <>
            <span>{columns[0]?.name}</span>
            <span>{columns.at(-1)?.name}</span>
          </>
        )}
      </figcaption>
      {legend && <div className={styles.legend}>{legend}</div>}
    </figure>
  )
}

export function Swatch({ look, children }: { readonly look: ColumnLook; readonly children: string }) {
  return (
    <span className={styles.swatch}>
      <i className={styles[look]} aria-hidden="true" />
      {children}
    </span>
  )
}

function total({ parts }: Column): number {
  return parts.reduce((sum, { amount }) => sum + amount, 0)
}
