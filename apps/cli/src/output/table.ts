import { fit, padEnd, paint, plain, type Style, widthOf } from './text.ts'

export interface Column {
  readonly header: string
  readonly align?: 'left' | 'right'
  /** May be cut to fit the terminal: the highest number first. Without it, the column keeps its width. */
  readonly give?: number
}

export type Cell = string | { readonly text: string; readonly style: Style }

const gap = '  '
/** A column is not cut to less than this. */
const narrowest = 8

/** Aligned columns in at most `width` terminal columns; only the header where there are no rows. */
export function renderTable(columns: readonly Column[], rows: readonly Cell[][], width: number): string[] {
  const texts = rows.map((row) => columns.map((_, index) => plain(textOf(row[index]))))
  const natural = columns.map((column, index) =>
    Math.max(widthOf(column.header), ...texts.map((row) => widthOf(row[index] ?? ''))),
  )
  const widths = shrink(columns, natural, width - gap.length * (columns.length - 1))
  const line = (cells: readonly string[], styleAt: (index: number) => Style | null) =>
    columns
      .map((column, index) => {
        const text = fit(cells[index] ?? '', widths[index] ?? 0)
        const style = styleAt(index)
        const styled = style ? paint(style, text) : text
        // Padded after styling would count the style's own characters: the padding is of the bare text.
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(text)))
        return column.align === 'right' ? padding + styled : styled + padding
      })
      .join(gap)
      .trimEnd()
  const header = line(
    columns.map(({ header }) => header),
    () => 'dim',
  )
  return [header, ...texts.map((cells, row) => line(cells, (index) => styleOf(rows[row]?.[index])))]
}

/** `name  value` lines, the names in one column. */
export function renderFields(fields: readonly (readonly [string, Cell])[]): string[] {
  const names = Math.max(...fields.map(([name]) => widthOf(name)))
  return fields.map(([name, cell]) => {
    const style = styleOf(cell)
    const text = plain(textOf(cell))
    return `${paint('dim', padEnd(name, names))}${gap}${style ? paint(style, text) : text}`.trimEnd()
  })
}

function shrink(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural]
  const order = columns.map((_, index) => index).filter((index) => columns[index]?.give !== undefined)
  order.sort((a, b) => (columns[b]?.give ?? 0) - (columns[a]?.give ?? 0))
  for (const index of order) {
    const excess = widths.reduce((sum, one) => sum + one, 0) - room
    if (excess <= 0) break
    const own = widths[index] ?? 0
    widths[index] = Math.max(Math.min(own, narrowest), own - excess)
  }
  return widths
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '')
}

function styleOf(cell: Cell | undefined): Style | null {
  return typeof cell === 'object' ? cell.style : null
}
