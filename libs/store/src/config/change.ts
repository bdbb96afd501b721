/** A change of config: what is set, its event, and the deployment that brings it live, in one transaction. */
import { randomUUID } from 'node:crypto'
import {
  activeStates,
  type ConfigKind,
  type ConfigName,
  type ConfigSnapshot,
  checkConfigSize,
  differingNames,
  refuseOtherKind,
  TagshipError,
} from '@tagship/domain'
import type { AppRecord, ConfigChange, ConfigOutcome } from '@tagship/engine'
import { lockPresentApp } from '../apps.ts'
import { appendEvents, type LockedApp } from '../chain.ts'
import { insertDeployment } from '../create-deployment.ts'
import { type Database, type Session, storableText } from '../database.ts'
import { readDeployment } from '../deployments.ts'
import { type ConfigRow, readEntries, snapshotOf } from './entries.ts'
import { type SecretKey, seal, unseal } from './seal.ts'

const removeEntry = {
  name: 'remove-config-entry',
  text: 'DELETE FROM config_entries WHERE app_id = $1 AND name = $2',
}

const setEnv = {
  name: 'set-env',
  text: `
    INSERT INTO config_entries (app_id, name, value, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (app_id, name) DO UPDATE SET value = $3, set_by = $4, set_at = $5`,
}

const nextVersion = {
  name: 'next-secret-version',
  text: 'SELECT coalesce(max(version), 0) + 1 AS version FROM secret_versions WHERE app_id = $1 AND name = $2',
}

const insertVersion = {
  name: 'insert-secret-version',
  text: `
    INSERT INTO secret_versions (app_id, name, version, key_id, sealed, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)`,
}

const setSecret = {
  name: 'set-secret',
  text: `
    INSERT INTO config_entries (app_id, name, secret_version, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (app_id, name) DO UPDATE SET secret_version = $3, set_by = $4, set_at = $5`,
}

const selectSealed = {
  name: 'select-sealed-secret',
  text: `
    SELECT key_id AS "keyId", sealed FROM secret_versions WHERE app_id = $1 AND name = $2 AND version = $3`,
}

const selectSituation = {
  name: 'config-situation',
  // What is under way and not on its way out, what waits, and what serves; the newest first.
  text: `
    SELECT d.id, d.state, d.trigger, d.request_kind, v.env, v.secrets, v.id IS NOT NULL AS settled
    FROM deployments d JOIN apps a ON a.id = d.app_id
    JOIN releases r ON r.id = d.release_id LEFT JOIN revisions v ON v.id = r.revision_id
    WHERE d.app_id = $1 AND (d.state = 'queued' OR d.id = a.serving_deployment_id OR d.state = ANY($2))
    ORDER BY d.number DESC`,
}

interface SituationRow extends ConfigSnapshot {
  readonly id: string
  readonly state: string
  readonly trigger: string
  readonly request_kind: string | null
  /** Whether its revision is made: what is set from now on is not in it. */
  readonly settled: boolean
}

const wayOut = ['reverting', 'failing', 'canceling', 'evicting']
const comingStates = activeStates.filter((state) => !wayOut.includes(state))

export const configChanges = (database: Database, secretKey: SecretKey) => ({
  /** @throws app.notFound, config.nameTaken, config.tooLarge, request.conflict while a rollback waits */
  async changeConfig(app: AppRecord, change: ConfigChange): Promise<ConfigOutcome> {
    const id = randomUUID()
    const { changed, effect, deployment } = await database.transaction(async (session) => {
      const locked = await lockPresentApp(session, app.id)
      const before = await readEntries(session, app.id)
      const changes = await writeChanges(session, secretKey, locked, before, change)
      const now = await readEntries(session, app.id)
      checkConfigSize(
        app.name,
        now.reduce((sum, { name, bytes }) => sum + name.length + bytes, 0),
      )
      const told = await tell(session, locked, change, changes)
      const way = await bringLive(session, told, id, { app, change, changed: changes.length > 0, now })
      return { changed: changes.map(({ name }) => name), ...way }
    })
    return {
      changed,
      effect,
      deployment: deployment === null ? null : await readDeployment(database, deployment),
    }
  },
})

/** What was done with one name. */
interface Change {
  readonly name: ConfigName
  /** Of a secret that was set. */
  readonly version: number | null
  readonly removed: boolean
}

async function writeChanges(
  session: Session,
  key: SecretKey,
  app: LockedApp,
  before: readonly ConfigRow[],
  { kind, values, actor }: ConfigChange,
): Promise<Change[]> {
  const changes: Change[] = []
  for (const [name, value] of values) {
    const present = before.find((entry) => entry.name === name) ?? null
    refuseOtherKind(name, kind, present && kindOf(present))
    if (value === null) {
      if (!present) continue
      await session.query(removeEntry, [app.id, name])
      changes.push({ name, version: null, removed: true })
    } else if (kind === 'env') {
      if (present?.value === value) continue
      await session.query(setEnv, [app.id, name, value, storableText(actor), app.now])
      changes.push({ name, version: null, removed: false })
    } else {
      if (present && (await isSame(session, key, app, present, value))) continue
      const version = await addVersion(session, key, app, name, value, actor)
      changes.push({ name, version, removed: false })
    }
  }
  return changes
}

function kindOf({ version }: ConfigRow): ConfigKind {
  return version === null ? 'env' : 'secret'
}

/** A value that this key does not open counts as another one: setting it again is what mends it. */
async function isSame(
  session: Session,
  key: SecretKey,
  app: LockedApp,
  { name, version }: ConfigRow,
  value: string,
): Promise<boolean> {
  if (version === null) return false
  const [row] = await session.query<{ keyId: string; sealed: Buffer }>(selectSealed, [app.id, name, version])
  if (!row) return false
  try {
    return unseal(key, { appId: app.id, name, version }, row) === value
  } catch (error) {
    if (error instanceof TagshipError) return false
    throw error
  }
}

async function addVersion(
  session: Session,
  key: SecretKey,
  app: LockedApp,
  name: ConfigName,
  value: string,
  actor: string,
): Promise<number> {
  const [row] = await session.query<{ version: number }>(nextVersion, [app.id, name])
  const version = row?.version ?? 1
  const sealed = seal(key, { appId: app.id, name, version }, value)
  const by = storableText(actor)
  await session.query(insertVersion, [app.id, name, version, key.id, sealed, by, app.now])
  await session.query(setSecret, [app.id, name, version, by, app.now])
  return version
}

/** The event says names and versions, never a value. */
async function tell(
  session: Session,
  app: LockedApp,
  { kind, actor, reason }: ConfigChange,
  changes: readonly Change[],
): Promise<LockedApp> {
  if (changes.length === 0) return app
  const label = ({ name, version }: Change) => (version === null ? name : `${name}@${version}`)
  const detail = {
    kind,
    set: changes.filter(({ removed }) => !removed).map(label),
    unset: changes.filter(({ removed }) => removed).map(label),
  }
  return appendEvents(session, app, [{ type: 'configChanged', actor, reason, detail }])
}

type Way = { readonly effect: ConfigOutcome['effect']; readonly deployment: string | null }

/** Who makes the config that is set now the one that runs. */
async function bringLive(
  session: Session,
  locked: LockedApp,
  id: string,
  {
    app,
    change,
    changed,
    now,
  }: {
    readonly app: AppRecord
    readonly change: ConfigChange
    readonly changed: boolean
    readonly now: readonly ConfigRow[]
  },
): Promise<Way> {
  const unmade: Way = { effect: changed ? 'stored' : 'none', deployment: null }
  if (!change.deploy) return unmade
  const situation = await session.query<SituationRow & Record<string, unknown>>(selectSituation, [
    app.id,
    comingStates,
  ])
  const [newest] = situation
  if (!newest) return unmade
  const taker = situation.find((one) => takesConfig(one))
  if (taker) return { effect: 'joined', deployment: taker.id }
  if (newest.state === 'queued' && newest.trigger === 'rollback') {
    throw new TagshipError(
      'request.conflict',
      `a rollback of ${app.name} waits for its turn; change the config once it serves`,
    )
  }
  // One that waits with a revision of its own (the same release once more) gives way.
  const latest = situation.find(({ state }) => state !== 'queued')
  if (latest?.settled && differingNames(latest, snapshotOf(now)).length === 0) {
    return { ...unmade, deployment: isUnderWay(latest) ? latest.id : null }
  }
  await insertDeployment(session, locked, id, {
    app,
    trigger: 'config',
    actor: change.actor,
    reason: change.reason,
    what: { kind: 'config' },
  })
  return { effect: 'deploys', deployment: id }
}

/** Its revision is still to be made, of what is set by then. */
function takesConfig({ state, settled, request_kind }: SituationRow): boolean {
  return !settled && (state === 'queued' || (state === 'building' && request_kind !== 'cancel'))
}

function isUnderWay({ state }: SituationRow): boolean {
  return comingStates.some((coming) => coming === state)
}
