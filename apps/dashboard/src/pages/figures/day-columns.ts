import type { FiguresJson } from '@tagship/api'
import { formatDay } from '../../data/format.ts'
import type { Column } from '../../parts/columns.tsx'

type Day = FiguresJson['days'][number]

/** More columns than these would be thinner than a finger finds. */
const mostDays = 100

/** Pure. A column a day, or a week where there are many. */
export function columnsOf(days: readonly Day[]): Column[] {
  const size = days.length > mostDays ? 7 : 1
  const columns: Column[] = []
  // From the end, so that the newest week is a whole one.
  for (let end = days.length; end > 0; end -= size) {
    columns.unshift(columnOf(days.slice(Math.max(0, end - size), end)))
  }
  return columns
}

function columnOf(days: readonly Day[]): Column {
  const sum = (of: (day: Day) => number) => days.reduce((amount, day) => amount + of(day), 0)
  const served = sum((day) => day.served)
  const failed = sum((day) => day.failed)
  const rolledBack = sum((day) => day.rolledBack)
  const [first] = days
  const name = first ? nameOf(first.day) : ''
  return {
    key: first?.day ?? '',
    name: days.length > 1 ? `Week of ${name}` : name,
    parts: [
      { look: 'ink', amount: served },
      { look: 'back', amount: rolledBack },
      { look: 'bad', amount: failed },
    ],
    says: `${served} served, ${rolledBack} rolled back, ${failed} failed`,
  }
}

/** A day of UTC is shown as that day wherever the reader is. */
function nameOf(day: string): string {
  return formatDay(new Date(`${day}T00:00:00`))
}
