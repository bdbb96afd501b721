import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '@tagship/tests/installation'

/** Of the installation's own Postgres, from the files of its data folder; or of the one that it was given. */
export async function databaseUrl(at: Installation): Promise<string> {
  if (at.env.DATABASE_URL) return at.env.DATABASE_URL
  const [password, port] = await Promise.all(
    ['postgres.password', 'postgres.port'].map(async (name) =>
      (await readFile(join(at.data, name), 'utf8')).trim(),
    ),
  )
  return `postgresql://tagship:${password}@127.0.0.1:${port}/tagship`
}
