/** One look at a repository, laid over what is remembered: what is new, moved, gone and back. Nothing is forgotten. */
import { createHash } from 'node:crypto'
import { type ObservedTag, parseTagName, type Tag, type TagName, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { writeAudit } from '../audit.ts'
import { appendEvents, lockApp, type NewEvent } from '../chain.ts'
import type { Session } from '../database.ts'

interface Look {
  readonly app: AppRecord
  readonly seen: readonly ObservedTag[]
  readonly print: string
  /** What is remembered of the app's tags, as the session sees it. */
  readonly remember: (session: Session) => Promise<readonly Tag[]>
}

const printOfApp = {
  name: 'tags-fingerprint',
  text: 'SELECT tags_fingerprint AS print FROM apps WHERE id = $1',
}

const setPrint = {
  name: 'set-tags-fingerprint',
  text: 'UPDATE apps SET tags_fingerprint = $2, tags_version = tags_version + 1 WHERE id = $1',
}

/** What is new, what points elsewhere now and what is back. Rows that say the same already are left alone. */
const upsert = {
  name: 'upsert-tags',
  text: `
    WITH s AS (
      SELECT s.name, s."refSha" AS ref_sha, s.commit, s.annotated, s.tagger->>'name' AS tagger_name,
        s.tagger->>'email' AS tagger_email, s."createdAt" AS created_at
      FROM jsonb_to_recordset($2::jsonb)
        AS s(name text, "refSha" text, commit text, annotated boolean, tagger jsonb, "createdAt" timestamptz)
    ),
    news AS (
      SELECT s.*, t.commit AS was,
        coalesce(t.commit <> s.commit AND t.moved_to IS DISTINCT FROM s.commit, false) AS moved_now, CASE
        WHEN t.name IS NULL THEN 'seen'
        WHEN s.commit <> t.points_at THEN 'moved'
        WHEN t.deleted_at IS NOT NULL THEN 'recreated'
        ELSE 'retagged' END AS kind
      FROM s LEFT JOIN tags t ON t.app_id = $1 AND t.name = s.name
      WHERE t.name IS NULL OR t.ref_sha <> s.ref_sha OR t.deleted_at IS NOT NULL
    ),
    noted AS (
      INSERT INTO tag_observations (app_id, tag, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, seen_at)
      SELECT $1, name, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, $3 FROM news ORDER BY name
    ),
    kept AS (
      INSERT INTO tags AS t (app_id, name, ref_sha, commit, points_at, annotated, tagger_name, tagger_email, created_at,
        first_seen_at, baseline)
      SELECT $1, name, ref_sha, commit, commit, annotated, tagger_name, tagger_email, created_at, $3, $4 FROM news
      ON CONFLICT (app_id, name) DO UPDATE SET
        ref_sha = excluded.ref_sha,
        points_at = excluded.commit,
        annotated = excluded.annotated,
        tagger_name = excluded.tagger_name,
        tagger_email = excluded.tagger_email,
        created_at = excluded.created_at,
        deleted_at = NULL,
        moved_to = CASE WHEN excluded.commit = t.commit THEN t.moved_to ELSE excluded.commit END,
        moved_at = CASE WHEN excluded.commit = t.commit OR excluded.commit = t.moved_to THEN t.moved_at ELSE $3 END
    )
    SELECT name, kind, was, commit, moved_now AS "movedNow" FROM news WHERE kind <> 'seen' ORDER BY name`,
}

interface News extends Record<string, unknown> {
  readonly name: string
  readonly kind: 'moved' | 'recreated' | 'retagged'
  /** The commit of its first sight. */
  readonly was: string
  readonly commit: string
  /** It is somewhere it has not been seen last. */
  readonly movedNow: boolean
}

const markDeleted = {
  name: 'mark-tags-deleted',
  text: `
    WITH gone AS (
      UPDATE tags SET deleted_at = $3 WHERE app_id = $1 AND name = ANY($2)
      RETURNING name, ref_sha, points_at, annotated, tagger_name, tagger_email, created_at
    )
    INSERT INTO tag_observations (app_id, tag, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, seen_at)
    SELECT $1, name, 'deleted', ref_sha, points_at, annotated, tagger_name, tagger_email, created_at, $3
    FROM gone ORDER BY name`,
}

/** Whether the last look has shown the very same. */
export async function seenBefore(session: Session, appId: string, print: string): Promise<boolean> {
  const [known] = await session.query<{ print: string | null }>(printOfApp, [appId])
  return known?.print === print
}

/** @returns the names of those that moved just now. @throws app.notFound */
export async function observe(session: Session, look: Look): Promise<TagName[]> {
  const { seen, print, remember } = look
  const { id, policy } = look.app
  const app = await lockApp(session, id)
  if (!app || app.removed_at) throw new TagshipError('app.notFound', `there is no app with the id ${id}`)
  const [known] = await session.query<{ print: string | null }>(printOfApp, [id])
  if (known?.print === print) return []
  const baseline = known?.print == null
  const { changed, gone } = differences(await remember(session), seen)
  const news: News[] = []
  await inBatches(changed, async (batch) => {
    const values = [id, JSON.stringify(batch), app.now, baseline]
    news.push(...(await session.query<News>(upsert, values)))
  })
  await inBatches(gone, async (batch) => void (await session.query(markDeleted, [id, batch, app.now])))
  await session.query(setPrint, [id, print])
  const moved = news.filter(({ movedNow }) => movedNow)
  const moves = moved.map(({ name, was, commit }) => ({
    tag: name,
    from: was,
    to: commit,
    onMove: policy.onMove,
  }))
  await appendEvents(session, app, [
    ...moves.map((detail) => ({ type: 'tagMoved', actor: 'tagship', detail })),
    ...summary('tagsDeleted', gone),
    ...summary(
      'tagsRecreated',
      news.filter(({ kind }) => kind === 'recreated').map(({ name }) => name),
    ),
  ])
  const outcome = ({ block: 'blocked', ignore: 'ignored', redeploy: 'followed' } as const)[policy.onMove]
  for (const detail of moves) {
    await writeAudit(session, { actor: 'tagship', action: 'tagMoved', app: app.name, outcome, detail })
  }
  return moved.map(({ name }) => parseTagName(name))
}

/** So many may go at once that one entry has to do; the observations tell of each. */
function summary(type: string, names: readonly string[]): NewEvent[] {
  if (names.length === 0) return []
  return [{ type, actor: 'tagship', detail: { count: names.length, tags: names.slice(0, 20) } }]
}

/** What differs from what is remembered, which is little once a repository is known, however many tags it has. */
function differences(remembered: readonly Tag[], seen: readonly ObservedTag[]) {
  const known = new Map(remembered.map((tag) => [tag.name, tag]))
  const seenNames = new Set(seen.map(({ name }) => name))
  return {
    changed: seen.filter(({ name, refSha }) => {
      const tag = known.get(name)
      return tag?.refSha !== refSha || tag.deletedAt !== null
    }),
    gone: remembered.filter((tag) => !tag.deletedAt && !seenNames.has(tag.name)).map(({ name }) => name),
  }
}

/** So that each statement is short, however many tags there are. */
const batchSize = 5_000

async function inBatches<T>(
  items: readonly T[],
  write: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < items.length; first += batchSize)
    await write(items.slice(first, first + batchSize))
}

/** SHA-256 (hex) of what was seen, whatever its order. */
export function printOf(seen: readonly ObservedTag[]): string {
  const lines = seen.map(({ name, refSha, commit }) => `${name}\0${refSha}\0${commit}\n`).sort()
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line)
  return hash.digest('hex')
}
