import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './table.module.css'

interface TableProps {
  /** What it lists; heard, not seen. */
  readonly label: string
  readonly head: ReactNode
  readonly children: ReactNode
  /** On a phone each row becomes a few lines; what is `wide` has the last ones. */
  readonly stack?: boolean
  readonly className?: string | undefined
}

/** Scrolls sideways by itself where it is too wide. Rows are `<tr>` with `Cell`s. */
export function Table({ label, head, children, stack, className }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={styles.scroller} aria-label={label} tabIndex={0}>
      <table className={classNames(styles.table, stack && styles.stack, className)}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}

interface CellProps extends ComponentProps<'td'> {
  /** Figures stand under each other at the right. */
  readonly figure?: boolean | undefined
  /** Takes what the others leave, and is cut off there. */
  readonly wide?: boolean | undefined
  readonly dim?: boolean | undefined
}

export function Cell({ figure, wide, dim, className, ...rest }: CellProps) {
  return <td {...rest} className={cellClass({ figure, wide, dim, className })} />
}

export function HeadCell({ figure, wide, className, ...rest }: CellProps) {
  return <th scope="col" {...rest} className={cellClass({ figure, wide, className })} />
}

function cellClass({ figure, wide, dim, className }: CellProps): string {
  return classNames(figure && styles.figure, wide && styles.wide, dim && styles.dim, className)
}
