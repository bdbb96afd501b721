/** A new release, and the deployment that is to make it live. */
import { randomUUID } from 'node:crypto'
import { activeStates, type Deployment, TagshipError } from '@tagship/domain'
import type { NewDeployment } from '@tagship/engine'
import { appendEvents, type LockedApp, lockApp } from './chain.ts'
import { type Database, type Session, storableText } from './database.ts'
import { readDeployment } from './deployments.ts'
import { type LockedDeployment, type Move, moveDeployments } from './move.ts'
import { writeJobs } from './outbox.ts'

const tagIsDeployed = {
  name: 'tag-is-deployed',
  text: 'SELECT id FROM releases WHERE app_id = $1 AND tag = $2 AND commit = $3 LIMIT 1',
}

const byId = { name: 'has-deployment', text: 'SELECT id FROM deployments WHERE id = $1' }

const lockQueued = {
  name: 'lock-queued',
  text: `
    SELECT id, state, state_since, trigger, version, fence, lease_holder, request_kind FROM deployments
    WHERE app_id = $1 AND state = 'queued' FOR NO KEY UPDATE`,
}

const insertRelease = {
  name: 'insert-release',
  text: `
    WITH counted AS (UPDATE apps SET release_count = release_count + 1 WHERE id = $2 RETURNING release_count)
    INSERT INTO releases (id, app_id, number, tag, commit, created_at)
    SELECT $1, $2, release_count, $3, $4, $5 FROM counted`,
}

const copyRelease = {
  name: 'copy-release',
  text: `
    WITH source AS (SELECT * FROM releases WHERE id = $3 AND app_id = $2),
    counted AS (
      UPDATE apps SET release_count = release_count + 1 WHERE id = $2 AND EXISTS (SELECT FROM source)
      RETURNING release_count
    )
    INSERT INTO releases (id, app_id, number, tag, commit, image_digest, image_bytes, build_key, revision_id,
      source_release_id, created_at)
    SELECT $1, $2, release_count, tag, commit, image_digest, image_bytes, build_key, revision_id, id, $4
    FROM counted, source RETURNING id`,
}

/** What a release is made from, without what was made of it. */
const insertRebuild = {
  name: 'insert-rebuild',
  text: `
    WITH source AS (SELECT * FROM releases WHERE id = $3 AND app_id = $2),
    counted AS (
      UPDATE apps SET release_count = release_count + 1 WHERE id = $2 AND EXISTS (SELECT FROM source)
      RETURNING release_count
    )
    INSERT INTO releases (id, app_id, number, tag, commit, revision_id, created_at)
    SELECT $1, $2, release_count, tag, commit, revision_id, $4 FROM counted, source RETURNING id`,
}

/** Of the commit that will serve, as far as one can see by now; settled when its turn comes. */
const insertConfigRelease = {
  name: 'insert-config-release',
  text: `
    WITH expected AS (
      SELECT r.tag, r.commit FROM deployments d JOIN releases r ON r.id = d.release_id
      JOIN apps a ON a.id = d.app_id
      WHERE a.id = $2 AND (d.id = a.serving_deployment_id OR d.state = ANY($4)) ORDER BY d.number DESC LIMIT 1
    ),
    counted AS (
      UPDATE apps SET release_count = release_count + 1 WHERE id = $2 AND EXISTS (SELECT FROM expected)
      RETURNING release_count
    )
    INSERT INTO releases (id, app_id, number, tag, commit, created_at)
    SELECT $1, $2, release_count, tag, commit, $3 FROM counted, expected RETURNING id`,
}

const insertRow = {
  name: 'insert-deployment',
  text: `
    WITH counted AS (
      UPDATE apps SET deployment_count = deployment_count + 1 WHERE id = $2 RETURNING deployment_count, runtime
    )
    INSERT INTO deployments
      (id, app_id, number, release_id, runtime, trigger, actor, reason, state_since, created_at)
    SELECT $1, $2, deployment_count, $3, runtime, $4, $5, $6, $7, $7 FROM counted RETURNING number`,
}

/** What the event tells of it, so that the row can be held against it. */
const selectRelease = {
  name: 'select-release-facts',
  text: 'SELECT number AS release, commit, tag FROM releases WHERE id = $1',
}

interface ReleaseFacts extends Record<string, unknown> {
  readonly release: number
  readonly commit: string
  readonly tag: string | null
}

/** What bakes is told that a newer one waits. */
const nudgeBaking = {
  name: 'nudge-baking',
  text: `UPDATE deployments SET version = version + 1 WHERE app_id = $1 AND state = 'baking' RETURNING id`,
}

export const deploymentCreation = (database: Database) => ({
  /** @throws app.notFound, release.notFound */
  async createDeployment(request: NewDeployment): Promise<Deployment | null> {
    const id = request.id ?? randomUUID()
    const made = await database.transaction(async (session) => {
      const locked = await lockApp(session, request.app.id)
      if (!locked || locked.removed_at) {
        throw new TagshipError('app.notFound', `there is no app ${request.app.name}`)
      }
      if (await isDeployed(session, locked, request)) return false
      if (request.id && (await session.query(byId, [id])).length > 0) return true
      await insertDeployment(session, locked, id, request)
      return true
    })
    return made ? readDeployment(database, id) : null
  },
})

/** Writes release and deployment, in the queue's one place, with event and jobs. The app's row is locked. */
export async function insertDeployment(
  session: Session,
  locked: LockedApp,
  id: string,
  request: NewDeployment,
): Promise<void> {
  const app = await supersede(session, locked, request.actor)
  const releaseId = await writeRelease(session, app, request)
  const { trigger, actor, reason } = request
  const values = [id, app.id, releaseId, trigger, storableText(actor), storable(reason), app.now]
  const [row] = await session.query<{ number: number }>(insertRow, values)
  await announce(session, app, { id, number: row?.number ?? 0, releaseId }, request)
}

/** A tag is deployed by itself once at each commit (a policy may follow a tag that moves); who asks for it again gets it again. */
async function isDeployed(
  session: Session,
  app: LockedApp,
  { trigger, what }: NewDeployment,
): Promise<boolean> {
  if (trigger !== 'tag' || what.kind !== 'commit' || what.tag === null) return false
  return (await session.query(tagIsDeployed, [app.id, what.tag, what.commit])).length > 0
}

async function writeRelease(session: Session, app: LockedApp, { what }: NewDeployment): Promise<string> {
  const id = randomUUID()
  if (what.kind === 'commit') {
    await session.query(insertRelease, [id, app.id, what.tag, what.commit, app.now])
    return id
  }
  if (what.kind === 'again') return what.releaseId
  if (what.kind === 'config') {
    const made = await session.query(insertConfigRelease, [id, app.id, app.now, activeStates])
    if (made.length === 0) throw new TagshipError('release.notFound', `${app.name} has nothing live`)
    return id
  }
  const copy = what.kind === 'rebuild' ? insertRebuild : copyRelease
  const copied = await session.query(copy, [id, app.id, what.releaseId, app.now])
  if (copied.length === 0) {
    throw new TagshipError('release.notFound', `${app.name} has no release with the id ${what.releaseId}`)
  }
  return id
}

/** The one that waits leaves the queue: there is one place in it. */
async function supersede(session: Session, app: LockedApp, actor: string): Promise<LockedApp> {
  const waiting = await session.query<LockedDeployment & Record<string, unknown>>(lockQueued, [app.id])
  const move = supersession(actor)
  return moveDeployments(
    session,
    app,
    waiting.map((deployment) => [deployment, move] as const),
  )
}

function supersession(actor: string): Move {
  return {
    event: 'superseded',
    to: 'canceled',
    actor,
    reason: null,
    failure: { phase: 'queued', code: 'deployment.superseded', message: 'a newer deployment took its place' },
  }
}

async function announce(
  session: Session,
  app: LockedApp,
  { id, number, releaseId }: { readonly id: string; readonly number: number; readonly releaseId: string },
  { trigger, actor, reason }: NewDeployment,
): Promise<void> {
  const [row] = await session.query<ReleaseFacts>(selectRelease, [releaseId])
  const { release, commit, tag = null } = row ?? {}
  // A change of config that waits is of the commit that serves when its turn comes: the event "built" tells it.
  const of = trigger === 'config' ? {} : { commit, ...(tag === null ? {} : { tag }) }
  await appendEvents(session, app, [
    {
      deployment: id,
      type: 'created',
      to: 'queued',
      actor,
      reason,
      detail: { number, trigger, release, ...of },
    },
  ])
  const baking = await session.query<{ id: string }>(nudgeBaking, [app.id])
  await writeJobs(
    session,
    [{ id }, ...baking].map(({ id }) => ({ queue: 'deployments', id })),
  )
}

function storable(text: string | null): string | null {
  return text === null ? null : storableText(text)
}
