import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { newSecret, type Store } from '@tagship/store'
import { type DataFolder, installationSecret } from './data-folder.ts'

const tokenFile = 'admin-token'

/**
 * The first admin's token: kept in the data folder, for its owner only, and known to the store by its hash.
 * The file comes first, so that a crash in between leaves no token that nobody knows.
 * @returns the token where it is new to the store, else null
 */
export async function ensureAdminToken(data: DataFolder, store: Store): Promise<string | null> {
  if ((await store.countTokens()) > 0) return null
  const token = (await kept()) || (await remade())
  await store.createToken('admin', 'admin', token)
  return token

  function kept() {
    return installationSecret(data, tokenFile, newSecret)
  }
  /** An empty file holds no token; nobody knows one either. */
  async function remade() {
    await rm(join(data.path, tokenFile), { force: true })
    return kept()
  }
}
