/** Tags as they are remembered: each with its present place, and how the deployments of it went. */
import {
  type ObservedTag,
  parseCommitSha,
  parseTagName,
  type Tag,
  type TagAttempt,
  type TagHistory,
} from '@tagship/domain'
import type { AppRecord, TagFacts, TagObservation } from '@tagship/engine'
import type { Database, Session } from './database.ts'
import { observe, printOf, seenBefore } from './tags/observe.ts'

interface TagRow {
  readonly name: string
  readonly ref_sha: string
  readonly commit: string
  readonly points_at: string
  readonly annotated: boolean
  readonly tagger_name: string | null
  readonly tagger_email: string | null
  readonly created_at: Date | null
  readonly first_seen_at: Date
  readonly baseline: boolean
  readonly moved_to: string | null
  readonly deleted_at: Date | null
}

const versionOf = {
  name: 'tags-version',
  text: 'SELECT tags_version AS version FROM apps WHERE id = $1',
}

const listAll = {
  name: 'list-tags',
  text: `
    SELECT name, ref_sha, commit, points_at, annotated, tagger_name, tagger_email, created_at, first_seen_at, baseline,
      moved_to, deleted_at
    FROM tags WHERE app_id = $1 ORDER BY first_seen_at, name`,
}

const listObservations = {
  name: 'list-tag-observations',
  text: `
    SELECT kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, seen_at FROM tag_observations
    WHERE app_id = $1 AND tag = $2 ORDER BY id`,
}

interface ObservationRow {
  readonly kind: TagObservation['kind']
  readonly ref_sha: string
  readonly commit: string
  readonly annotated: boolean
  readonly tagger_name: string | null
  readonly tagger_email: string | null
  readonly created_at: Date | null
  readonly seen_at: Date
}

/** Told by the objects of tags that still point where they pointed when they were read. */
const describe = {
  name: 'describe-tags',
  text: `
    WITH told AS (
      SELECT f.tag, f."refSha" AS ref_sha, f.tagger->>'name' AS name, f.tagger->>'email' AS email, f."createdAt" AS at
      FROM jsonb_to_recordset($2::jsonb) AS f(tag text, "refSha" text, tagger jsonb, "createdAt" timestamptz)
    ),
    changed AS (
      UPDATE tags t SET tagger_name = told.name, tagger_email = told.email, created_at = told.at
      FROM told WHERE t.app_id = $1 AND t.name = told.tag AND t.ref_sha = told.ref_sha AND t.created_at IS NULL
      RETURNING t.name, t.ref_sha, t.points_at, t.annotated, t.tagger_name, t.tagger_email, t.created_at
    ),
    noted AS (
      INSERT INTO tag_observations (app_id, tag, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, seen_at)
      SELECT $1, name, 'read', ref_sha, points_at, annotated, tagger_name, tagger_email, created_at, now() FROM changed
      RETURNING id
    )
    UPDATE apps SET tags_version = tags_version + 1 WHERE id = $1 AND EXISTS (SELECT FROM noted)`,
}

/** The last deployment of each tag tells how the tag fared; one that only brought other config does not. */
const listAttempted = {
  name: 'list-attempted-tags',
  text: `
    SELECT r.tag, array_agg(DISTINCT r.commit) AS commits, (array_agg(CASE
      WHEN d.state IN ('live', 'retired') THEN 'served'
      WHEN d.state IN ('failed', 'canceled', 'rolledBack') THEN d.state
      ELSE 'underWay' END ORDER BY d.number DESC))[1] AS last
    FROM releases r JOIN deployments d ON d.release_id = r.id
    WHERE r.app_id = $1 AND r.tag IS NOT NULL AND d.trigger <> 'config' GROUP BY r.tag`,
}

const appsWithMoved = {
  name: 'apps-with-moved-tags',
  text: `
    SELECT DISTINCT app_id AS id FROM tags
    WHERE app_id = ANY($1) AND moved_to IS NOT NULL AND deleted_at IS NULL`,
}

/** Rows of this many tags, of all apps together, are kept in memory. */
const mostKept = 500_000

export const tags = (database: Database) => {
  const remembered = new Map<string, { readonly version: number; readonly tags: readonly Tag[] }>()

  /** Reads the rows only where they have changed since the last time. */
  async function listTags(session: Session, appId: string): Promise<readonly Tag[]> {
    const [app] = await session.query<{ version: number }>(versionOf, [appId])
    const version = app?.version ?? 0
    const kept = remembered.get(appId)
    remembered.delete(appId)
    // The version is read before the rows: rows that are newer than it are read once more, never kept too long.
    const tags = kept?.version === version ? kept.tags : await readTags(session, appId)
    remembered.set(appId, { version, tags })
    forgetTooMany(remembered)
    return tags
  }

  return {
    listTags: (appId: string) => listTags(database, appId),

    async observeTags(
      app: AppRecord,
      seen: readonly ObservedTag[],
    ): Promise<{ tags: readonly Tag[]; moved: readonly Tag[] }> {
      const print = printOf(seen)
      const remember = (session: Session) => listTags(session, app.id)
      const known = await seenBefore(database, app.id, print)
      const moved = known
        ? []
        : await database.transaction((session) => observe(session, { app, seen, print, remember }))
      const tags = await listTags(database, app.id)
      const names = new Set(moved)
      return { tags, moved: names.size === 0 ? [] : tags.filter(({ name }) => names.has(name)) }
    },

    async describeTags(appId: string, facts: readonly TagFacts[]): Promise<void> {
      if (facts.length > 0) await database.query(describe, [appId, JSON.stringify(facts)])
    },

    async tagObservations(appId: string, tag: string): Promise<TagObservation[]> {
      const rows = await database.query<ObservationRow & Record<string, unknown>>(listObservations, [
        appId,
        tag,
      ])
      return rows.map((row) => ({
        kind: row.kind,
        refSha: row.ref_sha,
        commit: parseCommitSha(row.commit),
        annotated: row.annotated,
        tagger: taggerOf(row),
        createdAt: row.created_at,
        seenAt: row.seen_at,
      }))
    },

    /** Those of the apps that have a tag which is somewhere else than it was first. */
    async appsWithMovedTags(appIds: readonly string[]): Promise<Set<string>> {
      const rows = await database.query<{ id: string }>(appsWithMoved, [appIds])
      return new Set(rows.map(({ id }) => id))
    },

    async attemptedTags(appId: string): Promise<Map<string, TagHistory>> {
      const rows = await database.query<{ tag: string; commits: string[]; last: TagAttempt }>(listAttempted, [
        appId,
      ])
      return new Map(rows.map(({ tag, commits, last }) => [tag, { last, commits: new Set(commits) }]))
    },
  }
}

async function readTags(session: Session, appId: string): Promise<readonly Tag[]> {
  const rows = await session.query<TagRow & Record<string, unknown>>(listAll, [appId])
  return rows.map((row) => ({
    name: parseTagName(row.name),
    refSha: row.ref_sha,
    commit: parseCommitSha(row.commit),
    pointsAt: parseCommitSha(row.points_at),
    annotated: row.annotated,
    tagger: taggerOf(row),
    createdAt: row.created_at,
    firstSeenAt: row.first_seen_at,
    baseline: row.baseline,
    movedTo: row.moved_to,
    deletedAt: row.deleted_at,
  }))
}

function taggerOf({ tagger_name: name, tagger_email: email }: Pick<TagRow, 'tagger_name' | 'tagger_email'>) {
  return name === null ? null : { name, email: email ?? '' }
}

/** The app that was asked for longest ago goes first. */
function forgetTooMany(remembered: Map<string, { readonly tags: readonly Tag[] }>): void {
  let count = 0
  for (const { tags } of remembered.values()) count += tags.length
  for (const [appId, { tags }] of remembered) {
    if (count <= mostKept || remembered.size === 1) return
    remembered.delete(appId)
    count -= tags.length
  }
}
