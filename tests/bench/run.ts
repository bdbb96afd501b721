/**
 * `node tests/bench/run.ts [SECTION…] [--repetitions N] [--json FILE] [--strict]`: all sections unless some are
 * named. With `--strict`, a target that is missed is exit code 1.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { deploy } from './deploy.ts'
import { floor } from './floor.ts'
import { idle } from './idle.ts'
import { large } from './large.ts'
import { describeMachine, renderSection, toJson } from './report.ts'
import { rollback } from './rollback.ts'
import { holds, type Section, type SectionResult } from './section.ts'
import { sources } from './sources.ts'
import { throughput } from './throughput.ts'

const sections: Readonly<Record<string, Section>> = {
  floor,
  deploy,
  rollback,
  throughput,
  idle,
  sources,
  large,
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repetitions: { type: 'string', default: '10' },
    json: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  const unknown = positionals.find((name) => !(name in sections))
  const repetitions = Number(flags.repetitions)
  if (unknown !== undefined || !Number.isInteger(repetitions) || repetitions < 1) {
    const wrong = unknown === undefined ? `--repetitions ${flags.repetitions}` : `section ${unknown}`
    process.stderr.write(`no such thing: ${wrong}; sections: ${Object.keys(sections).join(', ')}\n`)
    return 2
  }
  const results: Record<string, { title: string } & SectionResult> = {}
  const report = { at: new Date().toISOString(), machine: describeMachine(), sections: results }
  for (const [name, section] of Object.entries(sections)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const progress = (text: string) => process.stderr.write(`${name}: ${text}\n`)
    const result = await section.run({ repetitions, buildArgs: await localImages(), progress })
    results[name] = { title: section.title, ...result }
    process.stdout.write(renderSection(section.title, result))
    if (flags.json) await writeFile(flags.json, toJson(report))
  }
  const allHold = Object.values(results).every(({ targets }) => targets.every(holds))
  return allHold || !flags.strict ? 0 : 1
}

/** The base image that `./tagship prepare` leaves on the machine. */
async function localImages(): Promise<Record<string, string>> {
  const version = await readFile(new URL('../../deploy/images/base/VERSION', import.meta.url), 'utf8')
  return { BASE: `tagship/base:${version.trim()}` }
}

process.exitCode = await main()
