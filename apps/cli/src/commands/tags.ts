import { type Command, InvalidArgumentError } from 'commander'
import { command, count, exitWith, type JsonFlag, withJson } from '../command.ts'
import { connect } from '../config.ts'
import { usageError } from '../errors.ts'
import { note, printJson, printLines, terminalWidth } from '../output/print.ts'
import { renderTable } from '../output/table.ts'
import { describeExplanation, describeTrial, tagColumns, tagRow } from '../output/tags.ts'
import { take } from './lists.ts'
import { type PolicyFlags, policyOf, withPolicy } from './policy-flags.ts'

interface Flags extends JsonFlag, PolicyFlags {
  readonly limit: number
  readonly explain?: string
  readonly dryRun?: boolean
}

export function tagsCommand(): Command {
  const made = withJson(command('tags', 'each tag seen, and why it was chosen, refused or ignored'))
    .argument('<app>', 'the app')
    .option('-n, --limit <count>', 'how many, newest first', count, 1_000)
    .option('--explain <tag>', 'how the policy comes to its verdict on one tag, rule by rule', notEmpty)
    .option('--dry-run', 'what would change with another policy, given by the flags below; changes nothing')
  return withPolicy(made).action(exitWith(tags))
}

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('Name a tag.')
  return text
}

async function tags(app: string, flags: Flags): Promise<number> {
  const policy = policyOf(flags)
  if (policy && !flags.dryRun) {
    throw usageError('these flags only try a policy', `Add --dry-run, or set it: tagship app set ${app} …`)
  }
  if (flags.dryRun && !policy) {
    throw usageError(
      '--dry-run needs a policy to try',
      `For example: tagship tags ${app} --dry-run --tags '^1'`,
    )
  }
  if (flags.dryRun && flags.explain) throw usageError('give --explain or --dry-run, not both')
  if (policy) return tryPolicy(app, JSON.stringify(policy), flags)
  return flags.explain === undefined ? list(app, flags) : explain(app, flags.explain, flags)
}

async function list(app: string, flags: Flags): Promise<number> {
  const client = await connect()
  const items = await take(flags.limit, (query) => client.listTags({ params: { app }, query }))
  if (flags.json) printJson(items)
  else if (items.length === 0) note(`no tag of ${app} has been seen yet`)
  else printLines(renderTable(tagColumns, items.map(tagRow), terminalWidth()))
  return 0
}

async function explain(app: string, tag: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const explained = await client.explainTag({ params: { app, tag } })
  if (flags.json) printJson(explained)
  else printLines(describeExplanation(explained, terminalWidth()))
  return 0
}

async function tryPolicy(app: string, policy: string, flags: JsonFlag): Promise<number> {
  const client = await connect()
  const trial = await client.tryPolicy({ params: { app }, query: { policy } })
  if (flags.json) printJson(trial)
  else printLines(describeTrial(trial, app, terminalWidth()))
  return 0
}
