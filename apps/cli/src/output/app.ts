/** An app, for a person. */
import type { AppJson, DeploymentJson } from '@tagship/api'
import { formatDuration } from '@tagship/domain/units'
import { releaseLabel, slotCell, stateWords } from './names.ts'
import { type Cell, type Column, renderFields } from './table.ts'
import { alertLines } from './tags.ts'
import { ago, elapsed } from './time.ts'

export function describeApp(app: AppJson, now: number = Date.now()): string[] {
  const { live, active, queued, trouble, hold, poll } = app
  const fields: (readonly [string, Cell])[] = [
    ['app', { text: app.name, style: 'bold' }],
    ['live', live ? { text: releaseLabel(live), style: 'green' } : 'nothing yet'],
  ]
  if (live) {
    fields.push(['revision', live.revision === null ? '–' : `${live.revision}`])
    fields.push(['slot', slotCell(live.slot)], ['since', ago(live.since, now)])
  }
  if (app.configNotLive.length > 0) {
    fields.push([
      'not live',
      { text: `${app.configNotLive.join(', ')} (tagship env list ${app.name})`, style: 'yellow' },
    ])
  }
  if (active) fields.push(['under way', { text: underWay(active, now), style: 'cyan' }])
  if (queued) fields.push(['queued', releaseLabel(queued)])
  if (trouble) fields.push(['trouble', { text: describeTrouble(trouble), style: 'red' }])
  for (const alert of alertLines(app)) fields.push(['alert', alert])
  if (hold) fields.push(['on hold', { text: describeHold(hold, now), style: 'yellow' }])
  fields.push(
    ['tags', app.fromNext ? `${app.tags}, from the next one on` : app.tags],
    ...(app.root === '' ? [] : [['folder', app.root] as const]),
    ['urls', app.urls.join('  ')],
    ...(app.runtime === 'docker' ? [] : [['runtime', runtimeWords(app)] as const]),
    ['repository', app.repo ?? `hosted here: ${app.pushUrl ?? '–'}`],
  )
  if (poll?.error) fields.push(['polling', { text: poll.error, style: 'red' }])
  const args = Object.entries(app.buildArgs).map(([name, value]) => `${name}=${value}`)
  if (args.length > 0) fields.push(['build args', args.join(' ')])
  return renderFields(fields)
}

function runtimeWords({ name, runtime, cluster, namespace }: AppJson): string {
  const where = cluster === null ? 'the current cluster' : `cluster ${cluster}`
  return `${runtime}: ${where}, namespace ${namespace ?? `tagship-${name}`}`
}

export const statusColumns: readonly Column[] = [
  { header: 'APP', give: 1 },
  { header: 'RELEASE' },
  { header: 'TAG', give: 2 },
  { header: 'COMMIT' },
  { header: 'SLOT' },
  { header: 'SINCE' },
  { header: 'UNDER WAY', give: 3 },
]

export function statusRow(app: AppJson, now: number = Date.now()): Cell[] {
  const { live } = app
  const situation = situationOf(app, now)
  if (!live) return [app.name, '–', '–', '–', '–', '–', situation]
  return [
    { text: app.name, style: 'bold' },
    live.release,
    live.tag ?? '–',
    live.commit.slice(0, 7),
    slotCell(live.slot),
    ago(live.since, now),
    situation,
  ]
}

/** What a person should know, the worst first. */
function situationOf(app: AppJson, now: number): Cell {
  const found = app.active ?? app.queued
  if (app.trouble && !found) return { text: describeTrouble(app.trouble), style: 'red' }
  const alert = app.alerts[0] ? `${app.alerts[0].tag} was moved and is blocked` : null
  const hold = app.hold ? `on hold by ${app.hold.by}` : null
  const words = [alert, hold, found && underWay(found, now)].filter((text) => text !== null)
  if (words.length > 0) {
    return { text: words.join('; '), style: alert ? 'red' : hold ? 'yellow' : 'cyan' }
  }
  if (app.poll?.error) return { text: app.poll.error, style: 'red' }
  const { configNotLive } = app
  return configNotLive.length > 0
    ? { text: `config not live: ${configNotLive.join(', ')}`, style: 'yellow' }
    : ''
}

/** `v14 (v1.4.0): verifying 2.1s` */
function underWay({ release, tag, state, phases }: DeploymentJson, now: number): string {
  const phase = phases.at(-1)
  const since = phase?.finishedAt === null ? ` ${formatDuration(elapsed(phase.startedAt, null, now))}` : ''
  return `${release}${tag ? ` (${tag})` : ''}: ${stateWords(state)}${since}`
}

function describeTrouble({ code, message }: NonNullable<AppJson['trouble']>): string {
  return `not all there, and not brought back (${code}): ${message.split('\n')[0]}`
}

function describeHold(hold: NonNullable<AppJson['hold']>, now: number): string {
  return `by ${hold.by}, ${ago(hold.at, now)}${hold.reason ? `: ${hold.reason}` : ''}`
}
