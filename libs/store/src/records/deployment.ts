import {
  activeStates,
  type Deployment,
  type DeploymentState,
  type ErrorCode,
  errorCatalogue,
  type Failure,
  finalStates,
  type Phase,
  parseCommitSha,
  parseImageDigest,
  parseTagName,
  type RuntimeName,
  type Slot,
  type Trigger,
} from '@tagship/domain'

/** The active states as an SQL list: spelled out, the planner can match it with the partial index. */
export const activeList = activeStates.map((state) => `'${state}'`).join(', ')

/** A row of the view `deployment_records`, as JSON. Its values are held to the domain's lists by the database. */
export interface DeploymentRow {
  readonly id: string
  readonly app_id: string
  readonly app: string
  readonly number: number
  readonly release_id: string
  readonly release_number: number
  readonly tag: string | null
  readonly commit: string
  readonly image_digest: string | null
  readonly revision: number | null
  readonly state: DeploymentState
  readonly slot: Slot | null
  readonly runtime: RuntimeName
  readonly trigger: Trigger
  readonly actor: string
  readonly reason: string | null
  readonly created_at: string
  readonly started_at: string | null
  readonly serving_at: string | null
  readonly finished_at: string | null
  readonly failure_phase: DeploymentState | null
  readonly failure_code: string | null
  readonly failure_message: string | null
  readonly version: number
  readonly image_bytes: number | null
  readonly subject: string | null
  readonly author: string | null
  readonly committed_at: string | null
  readonly serving: boolean
  readonly stays: readonly { readonly state: DeploymentState; readonly at: string }[]
}

export function deploymentFrom(row: DeploymentRow): Deployment {
  return {
    id: row.id,
    appId: row.app_id,
    app: row.app,
    number: row.number,
    releaseId: row.release_id,
    releaseNumber: row.release_number,
    tag: row.tag === null ? null : parseTagName(row.tag),
    commit: parseCommitSha(row.commit),
    subject: row.subject,
    author: row.author,
    committedAt: dateOrNull(row.committed_at),
    imageDigest: row.image_digest === null ? null : parseImageDigest(row.image_digest),
    imageBytes: row.image_bytes,
    revision: row.revision,
    state: row.state,
    slot: row.slot,
    runtime: row.runtime,
    serving: row.serving,
    trigger: row.trigger,
    actor: row.actor,
    reason: row.reason,
    createdAt: new Date(row.created_at),
    startedAt: dateOrNull(row.started_at),
    servingAt: dateOrNull(row.serving_at),
    finishedAt: dateOrNull(row.finished_at),
    phases: phasesOf(row.stays),
    failure: failureOf(row),
    version: row.version,
  }
}

/** A code that a newer version wrote is told as `internal`. */
export function errorCodeFrom(code: string): ErrorCode {
  return code in errorCatalogue ? (code as ErrorCode) : 'internal'
}

/** A final state is no phase: nothing goes on in it. */
function phasesOf(stays: DeploymentRow['stays']): Phase[] {
  return stays
    .map(({ state, at }, index) => ({
      name: state,
      startedAt: new Date(at),
      finishedAt: dateOrNull(stays[index + 1]?.at ?? null),
    }))
    .filter(({ name }) => !finalStates.includes(name))
}

function failureOf(row: DeploymentRow): Failure | null {
  if (row.failure_phase === null || row.failure_code === null) return null
  return {
    phase: row.failure_phase,
    code: errorCodeFrom(row.failure_code),
    message: row.failure_message ?? '',
  }
}

function dateOrNull(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
