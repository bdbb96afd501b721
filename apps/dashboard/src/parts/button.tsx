import { Button as Base } from '@base-ui/react/button'
import type { ComponentProps } from 'react'
import styles from './button.module.css'
import { classNames } from './class-names.ts'

interface ButtonProps extends Omit<ComponentProps<typeof Base>, 'className'> {
  /** `strong`: what the page is about. `danger`: takes something away. */
  readonly look?: 'strong' | 'plain' | 'quiet' | 'danger'
  /** Only an icon: then `aria-label` says what it does. */
  readonly icon?: boolean
  readonly small?: boolean
  readonly className?: string | undefined
}

export function Button({ look = 'plain', icon, small, className, ...rest }: ButtonProps) {
  return (
    <Base
      {...rest}
      className={classNames(
        styles.button,
        styles[look],
        icon && styles.icon,
        small && styles.small,
        className,
      )}
    />
  )
}
