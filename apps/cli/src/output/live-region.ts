/** Lines at the bottom of the terminal that are drawn over and over. */
import { stripVTControlCharacters } from 'node:util'
import { fit } from './text.ts'

export interface LiveRegion {
  /** Replaces what was drawn last. */
  draw(lines: readonly string[]): void
}

/** Needs a terminal: a line that is wider is cut, so that the count of lines on screen is always known. */
export function createLiveRegion(stream: NodeJS.WriteStream): LiveRegion {
  let drawn = 0
  return {
    draw(lines) {
      const width = stream.columns || 80
      const room = Math.max(1, (stream.rows || 24) - 1)
      const shown = lines.slice(0, room).map((line) => cut(line, width))
      const back = drawn > 0 ? `\x1b[${drawn}A` : ''
      stream.write(`${back}\r\x1b[J${shown.map((line) => `${line}\n`).join('')}`)
      drawn = shown.length
    },
  }
}

function cut(line: string, width: number): string {
  const bare = stripVTControlCharacters(line)
  return fit(bare, width) === bare ? line : fit(bare, width)
}
