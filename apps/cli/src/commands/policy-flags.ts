/** The flags that make up a tag policy: of `app add`, `app set` and `tags --dry-run`. */
import { moveRules, orderings, type TagPolicyInput, verifications } from '@tagship/domain/tag-policy'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { collect } from '../command.ts'

export interface PolicyFlags {
  readonly tags?: string
  readonly order?: (typeof orderings)[number]
  readonly prefix?: string
  readonly include?: string
  readonly exclude?: string
  readonly prereleases?: string
  readonly requireAnnotated?: boolean
  readonly paths?: string[]
  readonly anyPath?: boolean
  readonly onMove?: (typeof moveRules)[number]
  readonly verify?: (typeof verifications)[number]
}

export function withPolicy(made: Command): Command {
  return made
    .option(
      '--tags <range>',
      'semver range of the tags that are deployed by themselves; "*" takes every release',
    )
    .addOption(new Option('--order <name>', 'what makes one tag newer than another').choices(orderings))
    .option('--prefix <text>', 'what the names of its tags begin with, such as web-; "" takes it away')
    .option(
      '--include <regex>',
      'RE2 that names have to match; a group (?<version>…) is the version; "" takes it away',
    )
    .option('--exclude <regex>', 'RE2 that names must not match; "" takes it away')
    .option('--prereleases <which>', 'never, allow, or channel:NAME', prereleases)
    .option('--require-annotated', 'take annotated tags only')
    .option('--no-require-annotated', 'take lightweight tags as well')
    .option(
      '--paths <glob>',
      'take a tag only if it changed something there; may be given several times',
      collect,
    )
    .option('--any-path', 'take a tag whatever it changed')
    .addOption(new Option('--on-move <rule>', 'what becomes of a tag that moved').choices(moveRules))
    .addOption(
      new Option('--verify <what>', 'what has to be signed by one of its signers').choices(verifications),
    )
}

function prereleases(text: string): string {
  if (/^(never|allow|channel:.+)$/.test(text)) return text
  throw new InvalidArgumentError('Give never, allow, or channel:NAME.')
}

/** The settings that were named; null where none was. */
export function policyOf(flags: PolicyFlags): TagPolicyInput | null {
  const { tags, order, prefix, include, exclude, requireAnnotated, onMove, verify } = flags
  const policy: TagPolicyInput = {
    ...(tags === undefined ? {} : { range: tags }),
    ...(order ? { ordering: order } : {}),
    ...(prefix === undefined ? {} : { prefix }),
    ...(include === undefined ? {} : { include: include || null }),
    ...(exclude === undefined ? {} : { exclude: exclude || null }),
    ...(flags.prereleases ? { prereleases: flags.prereleases } : {}),
    ...(requireAnnotated === undefined ? {} : { requireAnnotated }),
    ...(flags.anyPath ? { paths: [] } : {}),
    ...(flags.paths ? { paths: flags.paths } : {}),
    ...(onMove ? { onMove } : {}),
    ...(verify ? { verify } : {}),
  }
  return Object.keys(policy).length > 0 ? policy : null
}
