/** What commits say of themselves: kept, so that the history can be shown without its repositories. */
import type { CommitFacts } from '@tagship/engine'
import { type Database, storableText } from './database.ts'

const note = {
  name: 'note-commit',
  text: `
    INSERT INTO commits (app_id, sha, subject, author, committed_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING`,
}

export const commitNotes = (database: Database) => ({
  async noteCommit(appId: string, sha: string, { subject, author, committedAt }: CommitFacts): Promise<void> {
    const values = [storableText(subject).slice(0, 500), storableText(author).slice(0, 200), committedAt]
    await database.query(note, [appId, sha, ...values])
  },
})
