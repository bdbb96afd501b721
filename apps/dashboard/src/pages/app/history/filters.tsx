import { type DeploymentState, deploymentStates } from '@tagship/domain/machine'
import { useEffect, useState } from 'react'
import type { HistoryFilter, Trigger } from '../../../data/history.ts'
import { isUnderWay } from '../../../data/states.ts'
import { Choice } from '../../../parts/choice.tsx'
import { Field } from '../../../parts/field.tsx'
import styles from './filters.module.css'

interface FiltersProps {
  readonly filter: HistoryFilter
  readonly onChange: (filter: HistoryFilter) => void
}

const kinds = {
  all: ['Any state', null],
  served: ['Served', ['draining', 'baking', 'live', 'retired', 'rolledBack']],
  underWay: ['Under way', deploymentStates.filter((state) => state === 'queued' || isUnderWay({ state }))],
  failed: ['Failed', ['failing', 'failed']],
  rolledBack: ['Rolled back', ['reverting', 'evicting', 'rolledBack']],
  canceled: ['Canceled', ['canceling', 'canceled']],
} as const satisfies Record<string, readonly [string, readonly DeploymentState[] | null]>
type Kind = keyof typeof kinds

const triggerNames = {
  any: 'Any trigger',
  tag: 'By tag',
  manual: 'By hand',
  rollback: 'Rollback',
  config: 'Config',
  heal: 'Healing',
} as const satisfies Record<Trigger | 'any', string>

/** A person stops for so long between two words. */
const typingMs = 250

export function Filters({ filter, onChange }: FiltersProps) {
  const [kind, setKind] = useState<Kind>('all')
  const [text, setText] = useState('')
  useEffect(() => {
    const tag = text.trim() || undefined
    if (tag === filter.tag) return
    const timer = setTimeout(() => onChange(without({ ...filter, tag })), typingMs)
    return () => clearTimeout(timer)
  }, [text, filter, onChange])

  return (
    <div className={styles.filters}>
      <Field
        label="Part of a tag"
        quiet
        type="search"
        placeholder="Tag"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        className={styles.text}
      />
      <Choice
        label="State"
        value={kind}
        options={Object.entries(kinds).map(([value, [label]]) => ({ value: value as Kind, label }))}
        onChange={(next) => {
          setKind(next)
          onChange(without({ ...filter, states: kinds[next][1] ?? undefined }))
        }}
      />
      <Choice
        label="Trigger"
        value={filter.trigger ?? 'any'}
        options={Object.entries(triggerNames).map(([value, label]) => ({
          value: value as Trigger | 'any',
          label,
        }))}
        onChange={(next) => onChange(without({ ...filter, trigger: next === 'any' ? undefined : next }))}
      />
    </div>
  )
}

/** What is undefined does not filter, and must not make another key of the cache. */
function without(filter: HistoryFilter): HistoryFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}
