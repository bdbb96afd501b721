import type { DeploymentJson } from '@tagship/api'
import { isActive } from '@tagship/domain/machine'
import { formatDuration } from '@tagship/domain/units'
import { terminalWidth } from '../output/print.ts'
import { renderFields, renderTable } from '../output/table.ts'
import { paint } from '../output/text.ts'
import { elapsed } from '../output/time.ts'
import type { Told } from './story.ts'

const shownPhases = ['building', 'starting', 'verifying', 'switching'] as const

/** The timeline and what the traffic saw, as it was measured. */
export function printStory(
  { deployments, traffic, rollbackMs, answersByOld }: Told,
  seconds: number,
): string[] {
  const { requests, failed, versions, latencyMs, longestGapMs } = traffic.total
  const ok = (good: boolean, text: string) => ({ text, style: good ? ('green' as const) : ('red' as const) })
  return [
    '',
    `  ${paint('bold', 'What happened')}`,
    '',
    ...timeline(deployments),
    '',
    `  ${paint('bold', 'What the traffic saw')}`,
    '',
    ...renderFields([
      ['requests', requests.toLocaleString('en')],
      ['failed', ok(failed === 0, String(failed))],
      [
        'by version',
        Object.entries(versions)
          .map(([name, count]) => `${name}: ${count.toLocaleString('en')}`)
          .join(', '),
      ],
      ['by an old version after its switch', ok(answersByOld === 0, String(answersByOld))],
      ['latency', `p50 ${formatDuration(latencyMs.p50)}, p99 ${formatDuration(latencyMs.p99)}`],
      ['longest time without an answer', formatDuration(longestGapMs)],
      ['rollback, from call to serving', formatDuration(rollbackMs)],
      ['the whole demo', formatDuration(seconds * 1_000)],
    ]).map((line) => `  ${line}`),
    ...traffic.total.failures.slice(0, 5).map(({ kind, message }) => paint('red', `  ${kind}: ${message}`)),
  ]
}

function timeline(deployments: readonly DeploymentJson[]): string[] {
  const columns = [
    { header: 'RELEASE' },
    { header: 'TAG' },
    ...shownPhases.map((name) => ({ header: name.toUpperCase(), align: 'right' as const })),
    { header: 'TO SERVING', align: 'right' as const },
    { header: 'STATE', give: 1 },
  ]
  const rows = deployments.map((deployment) => [
    deployment.release,
    deployment.tag ?? '',
    ...shownPhases.map((name) => phaseTime(deployment, name)),
    deployment.servingAt ? formatDuration(elapsed(deployment.createdAt, deployment.servingAt)) : '–',
    deployment.failure
      ? `${deployment.state}: ${deployment.failure.code}`
      : `${deployment.state}${isActive(deployment.state) ? ' (serves)' : ''}`,
  ])
  return renderTable(columns, rows, terminalWidth() - 2).map((line) => `  ${line}`)
}

function phaseTime({ phases }: DeploymentJson, wanted: string): string {
  const phase = phases.find(({ name }) => name === wanted)
  return phase?.finishedAt ? formatDuration(elapsed(phase.startedAt, phase.finishedAt)) : '–'
}
