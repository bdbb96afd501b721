/** What git has told of tags, so that it is asked once. */
import { parseCommitSha, parseTagName, type TagFinding } from '@tagship/domain'
import { lockPresentApp } from '../apps.ts'
import { appendEvents } from '../chain.ts'
import type { Database } from '../database.ts'

interface FindingRow extends Record<string, unknown> {
  readonly tag: string
  readonly kind: TagFinding['kind']
  readonly ref_sha: string
  readonly commit: string
  readonly basis: string
  readonly outcome: TagFinding['outcome']
  readonly why: string
}

const list = {
  name: 'list-tag-findings',
  text: 'SELECT tag, kind, ref_sha, commit, basis, outcome, why FROM tag_findings WHERE app_id = $1',
}

const write = {
  name: 'write-tag-finding',
  text: `
    INSERT INTO tag_findings AS f (app_id, tag, kind, ref_sha, commit, basis, outcome, why, found_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (app_id, tag, kind) DO UPDATE SET ref_sha = excluded.ref_sha, commit = excluded.commit,
      basis = excluded.basis, outcome = excluded.outcome, why = excluded.why, found_at = excluded.found_at
    WHERE (f.ref_sha, f.commit, f.basis, f.outcome, f.why)
      IS DISTINCT FROM (excluded.ref_sha, excluded.commit, excluded.basis, excluded.outcome, excluded.why)
    RETURNING tag`,
}

export const tagFindings = (database: Database) => ({
  async tagFindings(appId: string): Promise<TagFinding[]> {
    const rows = await database.query<FindingRow>(list, [appId])
    return rows.map(({ tag, kind, ref_sha: refSha, commit, basis, outcome, why }) => ({
      ...{ tag: parseTagName(tag), kind, refSha, commit: parseCommitSha(commit), basis, outcome, why },
    }))
  },

  recordFinding(appId: string, finding: TagFinding): Promise<void> {
    return database.transaction(async (session) => {
      const app = await lockPresentApp(session, appId)
      const { tag, kind, refSha, commit, basis, outcome, why } = finding
      const values = [appId, tag, kind, refSha, commit, basis, outcome, why, app.now]
      const written = await session.query<{ tag: string }>(write, values)
      if (written.length === 0 || outcome === 'passed') return
      const detail = { tag, commit, verdict: outcome, why }
      await appendEvents(session, app, [{ type: 'tagRefused', actor: 'tagship', detail }])
    })
  },
})
