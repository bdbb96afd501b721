/** Access tokens. Only their hashes are stored. */
import { createHash, randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

export type Role = 'viewer' | 'deployer' | 'admin'

export interface Identity {
  readonly name: string
  readonly role: Role
}

/** A token that is revoked works for at most this long. */
const rememberedMs = 5_000
const rememberedTokens = 1_000
const lastUseMs = 60_000

export const tokens = (database: Database) => {
  const remembered = new Map<string, { readonly identity: Identity | null; readonly until: number }>()

  const remember = (hash: string, identity: Identity | null) => {
    if (remembered.size >= rememberedTokens) remembered.clear()
    remembered.set(hash, { identity, until: Date.now() + rememberedMs })
  }

  return {
    /** @returns the secret, which cannot be read again. A token of this name is replaced. */
    async createToken(name: string, role: Role, secret = newSecret()): Promise<string> {
      const fields = { hash: hashOf(secret), role, revokedAt: null, createdAt: new Date(), lastUsedAt: null }
      await database.prisma.apiToken.upsert({
        where: { name },
        create: { name, ...fields },
        update: fields,
      })
      return secret
    },

    countTokens: (): Promise<number> => database.prisma.apiToken.count({ where: { revokedAt: null } }),

    /** Whose token it is, or null where it is not valid. */
    async authenticate(secret: string): Promise<Identity | null> {
      const hash = hashOf(secret)
      const known = remembered.get(hash)
      if (known && known.until > Date.now()) return known.identity
      const token = await database.prisma.apiToken.findUnique({ where: { hash } })
      const identity = token && !token.revokedAt ? { name: token.name, role: token.role as Role } : null
      remember(hash, identity)
      const stale = token && Date.now() - (token.lastUsedAt?.getTime() ?? 0) > lastUseMs
      if (identity && stale) {
        await database.prisma.apiToken.updateMany({ where: { hash }, data: { lastUsedAt: new Date() } })
      }
      return identity
    },
  }
}

/** `tsp_` and 32 random bytes. */
export function newSecret(): string {
  return `tsp_${randomBytes(32).toString('base64url')}`
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
