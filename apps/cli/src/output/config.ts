/** Config, for a person. */
import type { EnvListJson, SecretListJson } from '@tagship/api'
import type { Cell, Column } from './table.ts'
import { ago } from './time.ts'

type Live = EnvListJson['live']

export const envColumns: readonly Column[] = [
  { header: 'NAME', give: 1 },
  { header: 'VALUE', give: 3 },
  { header: 'LIVE', give: 2 },
  { header: 'SET' },
  { header: 'BY', give: 4 },
]

export function envRow(
  { name, value, liveValue, setAt, setBy }: EnvListJson['items'][number],
  live: Live,
): Cell[] {
  const set = value === null ? '(unset)' : value
  return [name, set, liveCell(live, value === liveValue, liveValue), setAt ? ago(setAt) : '–', setBy ?? '–']
}

export const secretColumns: readonly Column[] = [
  { header: 'NAME', give: 1 },
  { header: 'VERSION' },
  { header: 'LIVE', give: 2 },
  { header: 'SET' },
  { header: 'BY', give: 4 },
]

export function secretRow(secret: SecretListJson['items'][number], live: Live): Cell[] {
  const { name, version, liveVersion, readable, setAt, setBy } = secret
  const set: Cell = readable
    ? version === null
      ? '(unset)'
      : `${version}`
    : { text: `${version}, sealed with another key`, style: 'red' }
  const running = liveVersion === null ? null : `${liveVersion}`
  return [name, set, liveCell(live, version === liveVersion, running), setAt ? ago(setAt) : '–', setBy ?? '–']
}

/** `yes`, or what runs instead. */
function liveCell(live: Live, same: boolean, running: string | null): Cell {
  if (!live) return '–'
  if (same) return { text: 'yes', style: 'green' }
  return { text: running === null ? 'not yet' : `no: ${running}`, style: 'yellow' }
}

/** Where something else runs than what is set: which names, and how to bring them live. */
export function notLiveLines(
  app: string,
  { live, notLive }: Pick<EnvListJson, 'live' | 'notLive'>,
): string[] {
  if (!live || notLive.length === 0) return []
  return [
    '',
    `${live.release} runs with other config than is set: ${notLive.join(', ')}`,
    `The next deployment takes what is set: one under way (tagship status ${app}), tagship deploy ${app} TAG, or any change.`,
  ]
}
