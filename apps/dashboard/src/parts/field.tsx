import { Field as Base } from '@base-ui/react/field'
import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './field.module.css'

export interface FieldProps extends Omit<ComponentProps<typeof Base.Control>, 'className'> {
  readonly label: string
  /** The label is only heard: what stands around says it already. */
  readonly quiet?: boolean
  readonly hint?: ReactNode
  readonly problem?: string | null | undefined
  readonly className?: string | undefined
}

/** A line to write into, with its label. */
export function Field({ label, quiet, hint, problem, className, ...control }: FieldProps) {
  return (
    <Base.Root className={classNames(styles.field, className)} invalid={Boolean(problem)}>
      <Base.Label className={quiet ? 'only-heard' : styles.label}>{label}</Base.Label>
      <Base.Control {...control} className={styles.control} />
      {hint && <Base.Description className={styles.hint}>{hint}</Base.Description>}
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </Base.Root>
  )
}
