/** What runs, as it was last seen. */
import type { Slot } from '@tagship/domain'
import type { RecordedInstance, SeenInstance, Whereabouts } from '@tagship/engine'
import type { Database } from './database.ts'
import { activeList } from './records/deployment.ts'

const record = {
  name: 'record-instances',
  text: `
    INSERT INTO instances (id, deployment_id, name, process, ordinal, slot, address, port)
    SELECT i.id, $1, i.name, i.process, i.ordinal, i.slot, i.address, i.port
    FROM jsonb_to_recordset($2::jsonb) AS i(id text, name text, process text, ordinal int, slot text,
      address text, port int)
    ON CONFLICT (id) DO UPDATE SET address = excluded.address, port = excluded.port`,
}

const noteAddresses = {
  name: 'note-addresses',
  // One that nobody has seen is not there.
  text: `
    UPDATE instances i SET address = now_at.address
    FROM (
      SELECT r.id, seen.address FROM instances r
      LEFT JOIN jsonb_to_recordset($2::jsonb) AS seen(id text, address text, unsettled boolean) ON seen.id = r.id
      WHERE r.deployment_id = $1 AND r.removed_at IS NULL AND NOT coalesce(seen.unsettled, false)
    ) now_at
    WHERE i.id = now_at.id AND i.address IS DISTINCT FROM now_at.address
    RETURNING i.id`,
}

const selectRouted = {
  name: 'select-routed',
  text: `
    SELECT name, address, port FROM instances
    WHERE deployment_id = $1 AND removed_at IS NULL AND process = 'web' AND port IS NOT NULL
    ORDER BY ordinal`,
}

const markRemoved = {
  name: 'mark-instances-removed',
  text: `
    WITH gone AS (
      UPDATE instances SET removed_at = now() WHERE deployment_id = $1 AND removed_at IS NULL
    )
    UPDATE deployments SET warm_until = NULL WHERE id = $1`,
}

const count = {
  name: 'count-instances',
  text: 'SELECT count(*)::int AS count FROM instances WHERE deployment_id = $1 AND removed_at IS NULL',
}

const ofApp = {
  name: 'instances-of-app',
  text: `
    SELECT i.id, i.deployment_id AS "deploymentId", i.name, i.process, i.ordinal, i.slot, i.address, i.port,
      i.created_at AS "createdAt", r.number AS release
    FROM instances i JOIN deployments d ON d.id = i.deployment_id JOIN releases r ON r.id = d.release_id
    WHERE i.removed_at IS NULL AND d.id IN (
      SELECT c.id FROM deployments c WHERE c.app_id = $1 AND (c.state IN (${activeList}) OR c.state = 'live')
      UNION ALL SELECT w.id FROM deployments w WHERE w.app_id = $1 AND w.warm_until IS NOT NULL
    )
    ORDER BY d.number, i.ordinal`,
}

/** An instance as it was recorded. */
export interface InstanceRecord {
  readonly id: string
  readonly deploymentId: string
  readonly release: number
  readonly name: string
  readonly process: string
  readonly ordinal: number
  readonly slot: Slot
  readonly address: string | null
  /** Null: takes no traffic. */
  readonly port: number | null
  readonly createdAt: Date
}

interface Routed extends Record<string, unknown> {
  readonly name: string
  readonly address: string | null
  readonly port: number
}

export const instances = (database: Database) => ({
  async recordInstances(deploymentId: string, seen: readonly RecordedInstance[]): Promise<void> {
    await database.query(record, [deploymentId, JSON.stringify(seen)])
  },

  async noteAddresses(deploymentId: string, seen: readonly SeenInstance[]): Promise<Whereabouts | null> {
    const changed = await database.query(noteAddresses, [deploymentId, JSON.stringify(seen)])
    if (changed.length === 0) return null
    const routed = await database.query<Routed>(selectRouted, [deploymentId])
    return {
      targets: routed.flatMap(({ address, ...rest }) => (address === null ? [] : [{ ...rest, address }])),
      gone: routed.filter(({ address }) => address === null).map(({ name }) => name),
    }
  },

  /** Those that should be there, in both slots. */
  instancesOf: (appId: string): Promise<InstanceRecord[]> =>
    database.query<InstanceRecord & Record<string, unknown>>(ofApp, [appId]),

  async countInstances(deploymentId: string): Promise<number> {
    const [row] = await database.query<{ count: number }>(count, [deploymentId])
    return row?.count ?? 0
  },

  async markInstancesRemoved(deploymentId: string): Promise<void> {
    await database.query(markRemoved, [deploymentId])
  },
})
