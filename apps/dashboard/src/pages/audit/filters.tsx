import { useEffect, useState } from 'react'
import type { AuditFilter, Outcome } from '../../data/audit.ts'
import { AppChoice } from '../../parts/app-choice.tsx'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import styles from './filters.module.css'
import { outcomes } from './search.ts'

interface FiltersProps {
  readonly filter: AuditFilter
  /** Takes what has changed. */
  readonly onChange: (part: AuditFilter) => void
  readonly onClear: () => void
}

const outcomeOptions = [
  { value: 'any', label: 'Any outcome' },
  ...outcomes.map((value) => ({ value, label: value[0]?.toUpperCase() + value.slice(1) })),
] as const

export function Filters({ filter, onChange, onClear }: FiltersProps) {
  const { app, actor, action, outcome, from, to } = filter
  const filters = [app, actor, action, outcome, from, to].some((value) => value !== undefined)
  return (
    <search className={styles.filters} aria-label="Filter the audit">
      <AppChoice value={app} withAll onChange={(next) => onChange({ app: next })} />
      <Choice<Outcome | 'any'>
        label="Outcome"
        value={outcome ?? 'any'}
        options={outcomeOptions}
        onChange={(next) => onChange({ outcome: next === 'any' ? undefined : next })}
      />
      <TextFilter label="Actor" value={actor} onChange={(next) => onChange({ actor: next })} />
      <TextFilter label="Action" value={action} onChange={(next) => onChange({ action: next })} />
      <DayFilter label="From" value={from} onChange={(next) => onChange({ from: next })} />
      <DayFilter label="To" value={to} onChange={(next) => onChange({ to: next })} />
      {filters && (
        <Button look="quiet" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  )
}

interface FilterProps {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

/** A person stops for so long between two words. */
const typingMs = 300

/** The whole name: the list is searched by an index. */
function TextFilter({ label, value, onChange }: FilterProps) {
  const [text, setText] = useState(value ?? '')
  const [known, setKnown] = useState(value)
  if (known !== value) {
    // Cleared, or another address: not what was typed here.
    setKnown(value)
    if ((text.trim() || undefined) !== value) setText(value ?? '')
  }
  useEffect(() => {
    const next = text.trim() || undefined
    if (next === value) return
    const timer = setTimeout(() => onChange(next), typingMs)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <Field
      label={label}
      quiet
      type="search"
      placeholder={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      className={styles.text}
    />
  )
}

function DayFilter({ label, value, onChange }: FilterProps) {
  return (
    <Field
      label={label}
      type="date"
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      className={styles.day}
    />
  )
}
