/** The tables of users, sessions and what they sign in with, as better-auth reads and writes them. */
import { prismaAdapter } from '@better-auth/prisma-adapter'
import type { Database } from '../database.ts'

export type SignInTables = ReturnType<typeof prismaAdapter>

export const signInTables = (database: Database) => ({
  signInTables: (): SignInTables =>
    prismaAdapter(database.prisma, { provider: 'postgresql', transaction: true }),
})
