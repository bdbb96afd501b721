import type { ExplainedTagJson } from '@tagship/api'
import Check from 'lucide-react/icons/check'
import Minus from 'lucide-react/icons/minus'
import X from 'lucide-react/icons/x'
import styles from './rules.module.css'

type Rule = ExplainedTagJson['rules'][number]

const icons = { passed: Check, refused: X, unset: Minus, skipped: Minus } as const
const words = {
  passed: 'passed',
  refused: 'refused',
  unset: 'not asked for',
  skipped: 'not asked any more',
} as const satisfies Record<Rule['outcome'], string>

/** In the order in which they are asked; the first that refuses decides. */
export function Rules({ rules }: { readonly rules: readonly Rule[] }) {
  return (
    <ol className={styles.rules}>
      {rules.map(({ rule, outcome, why }) => {
        const Icon = icons[outcome]
        return (
          <li key={rule} className={styles[outcome]}>
            <Icon aria-hidden="true" />
            <span className={styles.name}>{rule}</span>
            <span className={styles.why}>
              <span className="only-heard">{words[outcome]}: </span>
              {why}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
