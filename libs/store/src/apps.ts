/** Apps: who they are, their hosts and their place at the router. */
import { randomUUID } from 'node:crypto'
import { activeStates, parseHostName, TagshipError } from '@tagship/domain'
import type { AppPatch, AppRecord, NewApp } from '@tagship/engine'
import { appendEvents, type LockedApp, lockApp } from './chain.ts'
import { type Database, type Session, type Statement, storableJson } from './database.ts'
import { violates } from './failures.ts'
import { type LockedDeployment, moveDeployments } from './move.ts'
import { writeJobs } from './outbox.ts'
import { type AppRow, appFrom } from './records/app.ts'

const byId = {
  name: 'app-by-id',
  text: 'SELECT to_jsonb(a) AS record FROM app_records a WHERE a.id = $1 AND a.removed_at IS NULL',
}

const byName = {
  name: 'app-by-name',
  text: 'SELECT to_jsonb(a) AS record FROM app_records a WHERE a.name = $1 AND a.removed_at IS NULL',
}

const page = {
  name: 'apps-page',
  text: `
    SELECT to_jsonb(a) AS record FROM app_records a
    WHERE a.removed_at IS NULL AND ($1::text IS NULL OR a.name COLLATE "C" > $1)
      AND ($3::uuid[] IS NULL OR a.id = ANY($3))
    ORDER BY a.name COLLATE "C" LIMIT $2`,
}

const removed = {
  name: 'apps-removed',
  text: `
    SELECT to_jsonb(r) AS record FROM app_records r JOIN apps a ON a.id = r.id
    WHERE a.removed_at IS NOT NULL AND a.gone_at IS NULL`,
}

const markGone = {
  name: 'mark-app-gone',
  text: `
    WITH a AS (
      UPDATE apps SET gone_at = now() WHERE id = $1 AND removed_at IS NOT NULL AND gone_at IS NULL RETURNING id
    )
    UPDATE instances i SET removed_at = now() FROM deployments d, a
    WHERE d.app_id = a.id AND i.deployment_id = d.id AND i.removed_at IS NULL`,
}

/** Seats are given out one at a time. */
const lockSeats = {
  name: 'lock-seats',
  text: `SELECT pg_advisory_xact_lock(hashtext('tagship.seats'))`,
}

const insertApp = {
  name: 'insert-app',
  text: `
    INSERT INTO apps (id, name, repo_url, tag_policy, from_next, root, build_args, runtime, cluster, namespace, seat)
    SELECT $1, $2, $3, $4::jsonb, $5, $6, $7::jsonb, $8, $10, $11, seat FROM generate_series(1, $9::int) AS seat
    WHERE NOT EXISTS (SELECT FROM apps a WHERE a.seat = seat.seat AND a.gone_at IS NULL)
    ORDER BY seat LIMIT 1 RETURNING seat`,
}

const updateApp = {
  name: 'update-app',
  text: `
    UPDATE apps SET
      repo_url = CASE WHEN $2 THEN $3 ELSE repo_url END,
      tag_policy = coalesce($4::jsonb, tag_policy),
      root = coalesce($5, root),
      build_args = coalesce($6::jsonb, build_args),
      runtime = coalesce($7, runtime),
      cluster = CASE WHEN $8 THEN $9 ELSE cluster END,
      namespace = CASE WHEN $8 THEN $10 ELSE namespace END,
      poll_key = gen_random_uuid()::text,
      next_poll_at = now()
    WHERE id = $1`,
}

const deleteHosts = { name: 'delete-hosts', text: 'DELETE FROM hosts WHERE app_id = $1' }

const insertHosts = {
  name: 'insert-hosts',
  text: `
    INSERT INTO hosts (name, app_id, position)
    SELECT name, $1, position - 1 FROM unnest($2::text[]) WITH ORDINALITY AS given(name, position)
    ON CONFLICT (name) DO NOTHING`,
}

const findHostsTaken = {
  name: 'find-hosts-taken',
  text: `
    SELECT h.name AS host, a.name AS app FROM hosts h JOIN apps a ON a.id = h.app_id
    WHERE h.name = ANY($2) AND h.app_id <> $1 LIMIT 1`,
}

const lockOpen = {
  name: 'lock-open-deployments',
  text: `
    SELECT id, state, state_since, trigger, version, fence, lease_holder, request_kind FROM deployments
    WHERE app_id = $1 AND (state = ANY($2) OR state IN ('queued', 'live')) FOR NO KEY UPDATE`,
}

const markRemoved = {
  name: 'mark-app-removed',
  text: `
    WITH cold AS (UPDATE deployments SET warm_until = NULL WHERE app_id = $1 AND warm_until IS NOT NULL)
    UPDATE apps SET removed_at = $2, live_slot = NULL, serving_deployment_id = NULL WHERE id = $1`,
}

/** No rollback needs them any more, and nobody reads its repository. */
const forgetConfig = [
  { name: 'forget-config', text: 'DELETE FROM config_entries WHERE app_id = $1' },
  { name: 'forget-secrets', text: 'DELETE FROM secret_versions WHERE app_id = $1' },
  ...['source_credentials', 'webhooks', 'webhook_deliveries', 'signers'].map((table) => ({
    name: `forget-${table}`,
    text: `DELETE FROM ${table} WHERE app_id = $1`,
  })),
]

export const apps = (database: Database, maxSeats: number) => ({
  appById: (appId: string): Promise<AppRecord | null> => one(database, byId, appId),
  appByName: (name: string): Promise<AppRecord | null> => one(database, byName, name),

  /** In the order of their names; `after` is the last name of the page before. `only`: ids of apps. */
  async listApps({
    after,
    limit,
    only,
  }: {
    readonly after?: string | undefined
    readonly limit: number
    readonly only?: readonly string[] | undefined
  }): Promise<AppRecord[]> {
    const rows = await database.query<{ record: AppRow }>(page, [after ?? null, limit, only ?? null])
    return rows.map(({ record }) => appFrom(record))
  },

  async allApps(): Promise<AppRecord[]> {
    const rows = await database.query<{ record: AppRow }>(page, [null, null, null])
    return rows.map(({ record }) => appFrom(record))
  },

  async removedApps(): Promise<AppRecord[]> {
    const rows = await database.query<{ record: AppRow }>(removed, [])
    return rows.map(({ record }) => appFrom(record))
  },

  async appIsGone(appId: string): Promise<void> {
    await database.query(markGone, [appId])
  },

  /** Without hosts it gets `NAME.localhost`. @throws app.exists, host.taken, app.seatsTaken */
  async createApp(app: NewApp): Promise<AppRecord> {
    const id = randomUUID()
    const hosts = app.hosts.length > 0 ? app.hosts : [parseHostName(`${app.name}.localhost`)]
    try {
      await database.transaction(async (session) => {
        await session.query(lockSeats)
        const { name, repoUrl, fromNext, root, runtime, cluster, namespace } = app
        const [policy, args] = [jsonText(app.policy), jsonText(app.buildArgs)]
        const values = [
          id,
          name,
          repoUrl,
          policy,
          fromNext,
          root,
          args,
          runtime,
          maxSeats,
          cluster,
          namespace,
        ]
        const made = await session.query(insertApp, values)
        if (made.length === 0) throw new TagshipError('app.seatsTaken', `all ${maxSeats} places are taken`)
        await writeHosts(session, id, hosts)
      })
    } catch (error) {
      if (!violates(error, 'apps_name_key')) throw error
      const present = await one(database, byName, app.name)
      const why = present ? `there is an app ${app.name}` : `the old ${app.name} is still being removed`
      throw new TagshipError('app.exists', why, { cause: error })
    }
    return readApp(database, id)
  },

  /** @throws app.notFound, host.taken */
  async updateApp(appId: string, patch: AppPatch): Promise<AppRecord> {
    await database.transaction(async (session) => {
      await lockPresentApp(session, appId)
      const { repoUrl, policy, root = null, buildArgs } = patch
      const texts = [policy ? jsonText(policy) : null, root, buildArgs ? jsonText(buildArgs) : null]
      const { runtime = null, cluster = null, namespace = null } = patch
      const place = [runtime, patch.cluster !== undefined, cluster, namespace]
      await session.query(updateApp, [appId, repoUrl !== undefined, repoUrl ?? null, ...texts, ...place])
      if (patch.hosts) await writeHosts(session, appId, patch.hosts)
    })
    return readApp(database, appId)
  },

  /** Frees its hosts at once, name and place at the router when it is gone; the history stays. @throws app.notFound, app.busy */
  removeApp(appId: string): Promise<void> {
    return database.transaction(async (session) => {
      const app = await lockPresentApp(session, appId)
      const values = [appId, activeStates]
      const open = await session.query<LockedDeployment & Record<string, unknown>>(lockOpen, values)
      const busy = open.find(({ state }) => state !== 'live')
      if (busy) throw new TagshipError('app.busy', `a deployment of ${app.name} is ${busy.state}`)
      const actor = 'tagship'
      const retirement = { event: 'replaced', to: 'retired', actor, reason: 'the app was removed' } as const
      const retired = await moveDeployments(
        session,
        app,
        open.map((live) => [live, retirement] as const),
      )
      await appendEvents(session, retired, [{ type: 'appRemoved', actor }])
      await session.query(deleteHosts, [appId])
      await session.query(markRemoved, [appId, app.now])
      for (const statement of forgetConfig) await session.query(statement, [appId])
      await writeJobs(session, [{ queue: 'maintenance', id: 'removed' }])
    })
  },
})

function jsonText(value: unknown): string {
  return JSON.stringify(storableJson(value))
}

/** @throws app.notFound */
export async function lockPresentApp(session: Session, appId: string): Promise<LockedApp> {
  const app = await lockApp(session, appId)
  if (!app || app.removed_at) throw noApp(appId)
  return app
}

async function writeHosts(session: Session, appId: string, hosts: readonly string[]): Promise<void> {
  await session.query(deleteHosts, [appId])
  await session.query(insertHosts, [appId, hosts])
  const [taken] = await session.query<{ host: string; app: string }>(findHostsTaken, [appId, hosts])
  if (taken) throw new TagshipError('host.taken', `${taken.host} belongs to the app ${taken.app}`)
}

async function readApp(session: Session, appId: string): Promise<AppRecord> {
  const app = await one(session, byId, appId)
  if (!app) throw noApp(appId)
  return app
}

function noApp(appId: string): TagshipError {
  return new TagshipError('app.notFound', `there is no app with the id ${appId}`)
}

async function one(session: Session, statement: Statement, value: string): Promise<AppRecord | null> {
  const [row] = await session.query<{ record: AppRow }>(statement, [value])
  return row ? appFrom(row.record) : null
}
