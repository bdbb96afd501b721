import {
  parseAppName,
  parseHostName,
  parseRepoUrl,
  type RuntimeName,
  type Slot,
  tagPolicySchema,
} from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'

/** A row of the view `app_records`, as JSON. Its values are held to the domain's lists by the database. */
export interface AppRow {
  readonly id: string
  readonly name: string
  readonly repo_url: string | null
  readonly hosts: readonly string[]
  readonly tag_policy: unknown
  readonly from_next: boolean
  readonly root: string
  readonly build_args: Readonly<Record<string, string>>
  readonly runtime: RuntimeName
  readonly cluster: string | null
  readonly namespace: string | null
  readonly seat: number
  readonly live_slot: Slot | null
  readonly serving_deployment_id: string | null
  readonly held_by: string | null
  readonly held_reason: string | null
  readonly held_at: string | null
  readonly created_at: string
}

export function appFrom(row: AppRow): AppRecord {
  return {
    id: row.id,
    name: parseAppName(row.name),
    repoUrl: row.repo_url === null ? null : parseRepoUrl(row.repo_url),
    hosts: row.hosts.map(parseHostName),
    policy: tagPolicySchema.parse(row.tag_policy),
    fromNext: row.from_next,
    root: row.root,
    buildArgs: row.build_args,
    runtime: row.runtime,
    cluster: row.cluster,
    namespace: row.namespace,
    seat: row.seat,
    liveSlot: row.live_slot,
    servingDeploymentId: row.serving_deployment_id,
    hold:
      row.held_by === null || row.held_at === null
        ? null
        : { by: row.held_by, reason: row.held_reason, at: new Date(row.held_at) },
    createdAt: new Date(row.created_at),
  }
}
