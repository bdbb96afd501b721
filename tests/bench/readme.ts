/** `node tests/bench/readme.ts`: writes the figures of docs/bench.json (`npm run bench -- --json docs/bench.json`) into README.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'

const series = z.object({ name: z.string(), unit: z.string(), median: z.number() })
const target = z.object({
  claim: z.string(),
  unit: z.string(),
  measured: z.number(),
  limit: z.union([z.object({ atMost: z.number() }), z.object({ atLeast: z.number() })]),
  holds: z.boolean(),
})
const section = z.object({ title: z.string(), series: z.array(series), targets: z.array(target) })
const report = z.object({
  at: z.string(),
  machine: z.object({ cpus: z.number() }),
  sections: z.record(z.string(), section),
})

const paths = {
  figures: new URL('../../docs/bench.json', import.meta.url),
  readme: new URL('../../README.md', import.meta.url),
}
const between = /<!-- bench -->[\s\S]*?<!-- \/bench -->/

const { at, machine, sections } = report.parse(JSON.parse(await readFile(paths.figures, 'utf8')))
const rows = Object.entries(sections).flatMap(([name, { targets }]) =>
  targets.map((one) => targetRow(name, one)),
)
/** What nobody has promised, and everybody wants to know. */
const costs = ['idle', 'sources'].flatMap((section) =>
  (sections[section]?.series ?? []).map(
    ({ name, median, unit }) => `| ${section} · ${name} | ${figure(median, unit)} | | |`,
  ),
)
const table = [
  '<!-- bench -->',
  `Medians of \`npm run bench\` on ${at.slice(0, 10)}, on a shared machine of ${machine.cpus} cores; what is compared was measured in`,
  'turn in the same minutes. The floor is the same deployment done by hand over the Docker API. All figures:',
  '[docs/bench.json](docs/bench.json).',
  '',
  '| what | measured | wanted | |',
  '|---|---|---|---|',
  ...rows,
  ...costs,
  '<!-- /bench -->',
].join('\n')

const readme = await readFile(paths.readme, 'utf8')
if (!between.test(readme))
  throw new Error('README.md has no place for the figures: <!-- bench --> … <!-- /bench -->')
await writeFile(
  paths.readme,
  readme.replace(between, () => table),
)

function targetRow(
  section: string,
  { claim, unit, measured, limit, holds }: z.output<typeof target>,
): string {
  const wanted =
    'atMost' in limit ? `at most ${figure(limit.atMost, unit)}` : `at least ${figure(limit.atLeast, unit)}`
  return `| ${section} · ${claim} | ${figure(measured, unit)} | ${wanted} | ${holds ? 'holds' : '**missed**'} |`
}

function figure(value: number, unit: string): string {
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })} ${unit}`
}
