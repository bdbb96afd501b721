/** One look at a repository, laid over what is remembered: what is new, moved, gone and back. Nothing is forgotten. */
import { createHash } from 'node:crypto'
import { type CommitSha, type ObservedTag, type Tag, type TagName, TagshipError } from '@tagship/domain'
import type { AppRecord, TagObservation } from '@tagship/engine'
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

/** The database need not compare: what differs is known. Rows that say the same already are left alone. */
const write = {
  name: 'write-tags',
  text: `
    WITH news AS (
      SELECT n.name, n.kind, n."refSha" AS ref_sha, n.commit, n.annotated, n.tagger->>'name' AS tagger_name,
        n.tagger->>'email' AS tagger_email, n."createdAt" AS created_at
      FROM jsonb_to_recordset($2::jsonb) AS n(name text, kind text, "refSha" text, commit text, annotated boolean,
        tagger jsonb, "createdAt" timestamptz)
    ),
    noted AS (
      INSERT INTO tag_observations (app_id, tag, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, seen_at)
      SELECT $1, name, kind, ref_sha, commit, annotated, tagger_name, tagger_email, created_at, $3 FROM news ORDER BY name
    )
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
      moved_at = CASE WHEN excluded.commit = t.commit OR excluded.commit = t.moved_to THEN t.moved_at ELSE $3 END`,
}

interface News extends ObservedTag {
  readonly kind: TagObservation['kind']
  /** The commit of its first sight. */
  readonly was: CommitSha
  /** It is somewhere else than at first, and than where it was seen to have moved last. */
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
  const { news, gone } = differences(await remember(session), seen)
  await inBatches(news, async (batch) => {
    await session.query(write, [id, JSON.stringify(batch), app.now, baseline])
  })
  await inBatches(gone, async (batch) => {
    const names = batch.map(({ name }) => name)
    await session.query(markDeleted, [id, names, app.now])
  })
  await session.query(setPrint, [id, print])
  const moved = news.filter(({ movedNow }) => movedNow)
  const moves = moved.slice(0, mostTold).map(({ name, was, commit }) => ({
    tag: name,
    from: was,
    to: commit,
    onMove: policy.onMove,
  }))
  await appendEvents(session, app, [
    ...moves.map((detail) => ({ type: 'tagMoved', actor: 'tagship', detail })),
    ...(moved.length > mostTold ? summary('tagsMoved', moved) : []),
    ...summary('tagsDeleted', gone),
    ...summary(
      'tagsRecreated',
      news.filter(({ kind }) => kind === 'recreated'),
    ),
  ])
  const outcome = ({ block: 'blocked', ignore: 'ignored', redeploy: 'followed' } as const)[policy.onMove]
  for (const detail of moves) {
    await writeAudit(session, { actor: 'tagship', action: 'tagMoved', app: app.name, outcome, detail })
  }
  return moved.map(({ name }) => name)
}

/** Moves that are told one by one; beyond that, one entry counts them. The observations tell of each in any case. */
const mostTold = 100

function summary(type: string, tags: readonly { readonly name: TagName }[]): NewEvent[] {
  if (tags.length === 0) return []
  const names = tags.slice(0, 20).map(({ name }) => name)
  return [{ type, actor: 'tagship', detail: { count: tags.length, tags: names } }]
}

/** What differs from what is remembered, which is little once a repository is known, however many tags it has. */
function differences(remembered: readonly Tag[], seen: readonly ObservedTag[]) {
  const known = new Map(remembered.map((tag) => [tag.name, tag]))
  const seenNames = new Set(seen.map(({ name }) => name))
  return {
    news: seen.flatMap((one) => newsOf(one, known.get(one.name)) ?? []),
    gone: remembered.filter(({ name, deletedAt }) => !deletedAt && !seenNames.has(name)),
  }
}

function newsOf(seen: ObservedTag, tag: Tag | undefined): News | null {
  const { commit } = seen
  if (!tag) return { ...seen, kind: 'seen', was: commit, movedNow: false }
  if (tag.refSha === seen.refSha && !tag.deletedAt) return null
  const kind = commit !== tag.pointsAt ? 'moved' : tag.deletedAt ? 'recreated' : 'retagged'
  return { ...seen, kind, was: tag.commit, movedNow: commit !== tag.commit && commit !== tag.movedTo }
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
