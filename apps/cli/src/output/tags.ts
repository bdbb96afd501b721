/** Tags, verdicts and policies, for a person. */
import type { AppJson, ExplainedTagJson, PolicyTrialJson, TagJson } from '@tagship/api'
import { shortCommit } from './names.ts'
import { type Cell, type Column, renderFields, renderTable } from './table.ts'
import { paint } from './text.ts'
import { ago } from './time.ts'

export const tagColumns: readonly Column[] = [
  { header: 'TAG', give: 1 },
  { header: 'COMMIT' },
  { header: 'SEEN' },
  { header: 'VERDICT' },
  { header: 'WHY', give: 2 },
]

export function tagRow({ name, commit, firstSeenAt, verdict, why }: TagJson): Cell[] {
  return [name, shortCommit(commit), ago(firstSeenAt), verdictCell(verdict), why]
}

const warnings: readonly TagJson['verdict'][] = [
  'moved',
  'failed before',
  'rolled back',
  'on hold',
  'unsigned',
  'wrong signature',
  'not looked at',
]

function verdictCell(verdict: TagJson['verdict']): Cell {
  if (verdict === 'live') return { text: verdict, style: 'green' }
  if (verdict === 'chosen' || verdict === 'under way') return { text: verdict, style: 'cyan' }
  return { text: verdict, style: warnings.includes(verdict) ? 'yellow' : 'dim' }
}

const marks = { passed: '✔', refused: '✖', unset: '–', skipped: '·' } as const

/** The rules one by one, then what was seen of the tag. */
export function describeExplanation({ tag, rules, observations }: ExplainedTagJson, width: number): string[] {
  const made = tag.createdAt
    ? `${tag.createdAt}${tag.tagger ? ` by ${tag.tagger.name} <${tag.tagger.email}>` : ''}`
    : null
  const head: (readonly [string, Cell])[] = [
    ['tag', { text: tag.name, style: 'bold' }],
    ['verdict', verdictCell(tag.verdict)],
    ['why', tag.why],
    ['commit', tag.pointsAt === tag.commit ? tag.commit : `${tag.commit}, now ${tag.pointsAt}`],
    ['kind', tag.annotated ? 'annotated' : 'lightweight'],
    ...(made ? ([['made', made]] as const) : []),
  ]
  const ruleColumns = [{ header: '' }, { header: 'RULE' }, { header: 'WHY', give: 1 }]
  const seenColumns = [{ header: 'AT' }, { header: 'SEEN' }, { header: 'COMMIT' }, { header: 'REF' }]
  return [
    ...renderFields(head),
    '',
    ...renderTable(
      ruleColumns,
      rules.map(({ rule, outcome, why }) => [markCell(outcome), rule, why]),
      width,
    ),
    '',
    ...renderTable(
      seenColumns,
      observations.map(({ seenAt, kind, commit, refSha }) => [
        seenAt,
        kind,
        shortCommit(commit),
        shortCommit(refSha),
      ]),
      width,
    ),
  ]
}

function markCell(outcome: keyof typeof marks): Cell {
  const style = outcome === 'passed' ? 'green' : outcome === 'refused' ? 'red' : 'dim'
  return { text: marks[outcome], style }
}

/** What a policy makes of the tags, in two lines and a table. */
export function describeTrial(trial: PolicyTrialJson, app: string, width: number): string[] {
  const { changed, changes } = trial
  const columns: Column[] = [
    { header: 'TAG', give: 1 },
    { header: 'NOW' },
    { header: 'THEN' },
    { header: 'WHY', give: 2 },
  ]
  const rows = changes.map(({ tag, before, after }) => [
    tag,
    verdictCell(before.verdict),
    verdictCell(after.verdict),
    after.why,
  ])
  return [
    ...summarizeTrial(trial, app),
    ...(rows.length > 0 ? ['', ...renderTable(columns, rows, width)] : []),
    ...(changed > rows.length ? [`… and ${changed - rows.length} more`] : []),
  ]
}

export function summarizeTrial({ seen, fit, next, changed }: PolicyTrialJson, app: string): string[] {
  const fits = `${fit} of the ${seen} ${seen === 1 ? 'tag' : 'tags'} seen ${fit === 1 ? 'fits' : 'fit'} the policy`
  const verdicts =
    changed === 0
      ? 'no verdict changes'
      : `${changed} ${changed === 1 ? 'verdict changes' : 'verdicts change'}`
  const then = next
    ? `${next.tag} is deployed next${next.maybe ? ', where its signature and what it changed allow it' : ''}`
    : 'No tag is deployed by itself now'
  const none = seen > 0 && fit === 0 ? [paint('yellow', `! No tag of ${app} that was seen fits.`)] : []
  return [`${fits}; ${verdicts}.`, `${then}.`, ...none]
}

/** Tags that somebody moved: nothing to be overlooked. */
export function alertLines({ alerts }: Pick<AppJson, 'alerts'>): Cell[] {
  const shown = alerts.slice(0, 3).map(({ tag, why }) => `${tag} was moved and is blocked: ${why}`)
  const more = alerts.length > 3 ? [`… and ${alerts.length - 3} more tags were moved`] : []
  return [...shown, ...more].map((text) => ({ text, style: 'red' }))
}
