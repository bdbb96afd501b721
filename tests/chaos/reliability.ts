/**
 * `node tests/chaos/reliability.ts`: puts the outcomes in docs/reliability.jsonl (`npm run chaos -- --results FILE`)
 * into docs/reliability.md, and says what is still to be played.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Cell, isRight, type Outcome } from './cell.ts'
import { cells } from './faults/index.ts'
import { inOrder, readResults, stillToPlay } from './results.ts'
import { renderMarkdown } from './table.ts'

const page = new URL('../../docs/reliability.md', import.meta.url)
const results = fileURLToPath(new URL('../../docs/reliability.jsonl', import.meta.url))
const marks = ['<!-- table of faults -->', '<!-- end of the table -->'] as const

const outcomes = inOrder(cells, await readResults(results))
const text = await readFile(page, 'utf8')
const [head, rest] = text.split(marks[0])
const tail = rest?.split(marks[1])[1]
if (head === undefined || tail === undefined) throw new Error(`docs/reliability.md lacks its marks`)
const parts = [summary(outcomes), missing(stillToPlay(cells, outcomes)), renderMarkdown(outcomes).trimEnd()]
await writeFile(page, `${head}${[marks[0], ...parts, marks[1]].filter(Boolean).join('\n\n')}${tail}`)

function summary(played: readonly Outcome[]): string {
  const days = played.map(({ playedAt }) => playedAt.slice(0, 10)).sort()
  const wrong = played.filter((outcome) => !isRight(outcome)).length
  const requests = played.reduce((sum, outcome) => sum + outcome.requests, 0).toLocaleString('en')
  return [
    `**${played.length} of ${cells.length} cells were played** (${days[0]} to ${days.at(-1)}), under ${requests} requests;`,
    wrong === 0 ? 'none of them ended wrongly.' : `${wrong} of them ended wrongly.`,
    'The latest outcome of each counts; it tells of the code of its day.',
  ].join(' ')
}

/** By fault, as there are many. */
function missing(left: readonly Cell[]): string {
  if (left.length === 0) return ''
  const counts = Map.groupBy(left, ({ fault }) => fault)
  const rows = [...counts].map(([fault, all]) => `- ${fault}: ${all.map(({ at }) => at).join('; ')}`)
  return `Still to be played, and shown by nothing until then (${left.length}):\n\n${rows.join('\n')}`
}
