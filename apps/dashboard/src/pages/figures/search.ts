import { type Window, windows } from '../../data/figures.ts'
import { oneOf, textOr } from '../../data/search.ts'

export interface FiguresSearch {
  /** All apps where there is none. */
  readonly app?: string | undefined
  readonly days?: Window | undefined
}

export function parseFiguresSearch({ app, days }: Readonly<Record<string, unknown>>): FiguresSearch {
  return { app: textOr(app), days: oneOf(windows, days) }
}
