import type { SubmitEvent } from 'react'

/** What the form's fields hold, by their names. The browser does not leave the page. */
export function valuesOf(event: SubmitEvent<HTMLFormElement>): Record<string, string> {
  event.preventDefault()
  const entries = [...new FormData(event.currentTarget)]
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}
