/** Tags as they were seen, remembered for good. */
import { createHash } from 'node:crypto'
import {
  type ObservedTag,
  parseCommitSha,
  parseTagName,
  type Tag,
  type TagAttempt,
  TagshipError,
} from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { appendEvents, lockApp } from './chain.ts'
import type { Database, Session } from './database.ts'

interface TagRow {
  readonly name: string
  readonly ref_sha: string
  readonly commit: string
  readonly annotated: boolean
  readonly first_seen_at: Date
  readonly baseline: boolean
  readonly moved_to: string | null
  readonly deleted_at: Date | null
}

const fingerprintOf = {
  name: 'tags-fingerprint',
  text: 'SELECT tags_fingerprint AS fingerprint FROM apps WHERE id = $1',
}

const setFingerprint = {
  name: 'set-tags-fingerprint',
  text: 'UPDATE apps SET tags_fingerprint = $2 WHERE id = $1',
}

/** What is new, what points elsewhere now and what is back. Rows that say the same already are left alone. */
const upsert = {
  name: 'upsert-tags',
  text: `
    INSERT INTO tags AS t (app_id, name, ref_sha, commit, annotated, first_seen_at, baseline)
    SELECT $1, s.name, s."refSha", s.commit, s.annotated, $3, $4
    FROM jsonb_to_recordset($2::jsonb) AS s(name text, "refSha" text, commit text, annotated boolean)
    ON CONFLICT (app_id, name) DO UPDATE SET
      ref_sha = excluded.ref_sha,
      annotated = excluded.annotated,
      deleted_at = NULL,
      moved_to = CASE WHEN excluded.commit = t.commit THEN t.moved_to ELSE excluded.commit END,
      moved_at = CASE WHEN excluded.commit = t.commit OR excluded.commit = t.moved_to THEN t.moved_at ELSE $3 END
    WHERE t.ref_sha <> excluded.ref_sha OR t.deleted_at IS NOT NULL
      OR excluded.commit NOT IN (t.commit, coalesce(t.moved_to, t.commit))
    RETURNING name, ref_sha, commit, annotated, first_seen_at, baseline, moved_to, deleted_at,
      moved_at IS NOT DISTINCT FROM $3 AS "movedNow"`,
}

const presentNames = {
  name: 'present-tags',
  text: 'SELECT name FROM tags WHERE app_id = $1 AND deleted_at IS NULL',
}

const markDeleted = {
  name: 'mark-tags-deleted',
  text: 'UPDATE tags SET deleted_at = $3 WHERE app_id = $1 AND name = ANY($2)',
}

const listAll = {
  name: 'list-tags',
  text: `
    SELECT name, ref_sha, commit, annotated, first_seen_at, baseline, moved_to, deleted_at
    FROM tags WHERE app_id = $1 ORDER BY first_seen_at, name`,
}

/** The last deployment of each tag tells how the tag fared; one that only brought other config does not. */
const listAttempted = {
  name: 'list-attempted-tags',
  text: `
    SELECT DISTINCT ON (r.tag) r.tag, CASE
      WHEN d.state IN ('live', 'retired') THEN 'served'
      WHEN d.state IN ('failed', 'canceled', 'rolledBack') THEN d.state
      ELSE 'underWay' END AS outcome
    FROM releases r JOIN deployments d ON d.release_id = r.id
    WHERE r.app_id = $1 AND r.tag IS NOT NULL AND d.trigger <> 'config' ORDER BY r.tag, d.number DESC`,
}

export const tags = (database: Database) => ({
  async observeTags(app: AppRecord, seen: readonly ObservedTag[]): Promise<{ tags: Tag[]; moved: Tag[] }> {
    const fingerprint = fingerprintFor(seen)
    const [known] = await database.query<{ fingerprint: string | null }>(fingerprintOf, [app.id])
    const moved =
      known?.fingerprint === fingerprint
        ? []
        : await database.transaction((session) => observe(session, app.id, seen, fingerprint))
    return { tags: await list(database, app.id), moved }
  },

  /** In the order they were first seen. */
  listTags: (appId: string): Promise<Tag[]> => list(database, appId),

  async attemptedTags(appId: string): Promise<Map<string, TagAttempt>> {
    const rows = await database.query<{ tag: string; outcome: TagAttempt }>(listAttempted, [appId])
    return new Map(rows.map(({ tag, outcome }) => [tag, outcome]))
  },
})

/** @returns the tags that moved just now */
async function observe(
  session: Session,
  appId: string,
  seen: readonly ObservedTag[],
  fingerprint: string,
): Promise<Tag[]> {
  const app = await lockApp(session, appId)
  if (!app || app.removed_at) throw new TagshipError('app.notFound', `there is no app with the id ${appId}`)
  const [known] = await session.query<{ fingerprint: string | null }>(fingerprintOf, [appId])
  const baseline = known?.fingerprint == null
  const values = [appId, JSON.stringify(seen), app.now]
  const changed = await session.query<TagRow & { movedNow: boolean }>(upsert, [...values, baseline])
  await forget(session, appId, seen, app.now)
  await session.query(setFingerprint, [appId, fingerprint])
  const moved = changed.filter(({ movedNow }) => movedNow).map(tagFrom)
  const events = moved.map(({ name, commit, movedTo }) => ({
    type: 'tagMoved',
    actor: 'tagship',
    detail: { tag: name, from: commit, to: movedTo },
  }))
  await appendEvents(session, app, events)
  await session.query(auditMoved, [app.name, JSON.stringify(events.map(({ detail }) => detail))])
  return moved
}

const auditMoved = {
  name: 'audit-moved-tags',
  text: `
    INSERT INTO audit (actor, action, app, outcome, detail)
    SELECT 'tagship', 'tagMoved', $1, 'blocked', detail FROM jsonb_array_elements($2::jsonb) AS detail`,
}

/** Compared here: a planner that has not seen the table grow would compare each with each. */
async function forget(
  session: Session,
  appId: string,
  seen: readonly ObservedTag[],
  now: Date,
): Promise<void> {
  const seenNames = new Set<string>(seen.map(({ name }) => name))
  const present = await session.query<{ name: string }>(presentNames, [appId])
  const gone = present.filter(({ name }) => !seenNames.has(name)).map(({ name }) => name)
  if (gone.length > 0) await session.query(markDeleted, [appId, gone, now])
}

async function list(session: Session, appId: string): Promise<Tag[]> {
  const rows = await session.query<TagRow & Record<string, unknown>>(listAll, [appId])
  return rows.map(tagFrom)
}

function tagFrom(row: TagRow): Tag {
  return {
    name: parseTagName(row.name),
    refSha: row.ref_sha,
    commit: parseCommitSha(row.commit),
    annotated: row.annotated,
    firstSeenAt: row.first_seen_at,
    baseline: row.baseline,
    movedTo: row.moved_to,
    deletedAt: row.deleted_at,
  }
}

/** SHA-256 (hex) of what was seen, whatever its order. */
function fingerprintFor(seen: readonly ObservedTag[]): string {
  const lines = seen.map(({ name, refSha, commit }) => `${name}\0${refSha}\0${commit}\n`).sort()
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line)
  return hash.digest('hex')
}
