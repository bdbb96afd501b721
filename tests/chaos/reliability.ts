/** `node tests/chaos/reliability.ts FILE`: puts the table of a run (`run.ts --json FILE`) into docs/reliability.md. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Outcome } from './cell.ts'
import { renderMarkdown } from './table.ts'

const page = new URL('../../docs/reliability.md', import.meta.url)
const marks = ['<!-- table of faults -->', '<!-- end of the table -->'] as const

const [file] = process.argv.slice(2)
if (!file) throw new Error('usage: node tests/chaos/reliability.ts FILE')
const { at, outcomes } = JSON.parse(await readFile(file, 'utf8')) as { at: string; outcomes: Outcome[] }
const text = await readFile(page, 'utf8')
const [head, rest] = text.split(marks[0])
const tail = rest?.split(marks[1])[1]
if (head === undefined || tail === undefined) throw new Error(`docs/reliability.md lacks its marks`)
const table = `${marks[0]}\n\nMeasured ${at.slice(0, 10)} by \`npm run chaos\`.\n\n${renderMarkdown(outcomes)}\n${marks[1]}`
await writeFile(page, `${head}${table}${tail}`)
