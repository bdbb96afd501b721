/** Who one is, and what one may do. */
import { z } from 'zod'
import { line, roles, time } from './values.ts'

const role = z.enum(roles)
const appRole = z.object({ app: z.string(), role })
const email = z.email().max(200)
/** Checked by the domain's own rule, which names what is wrong. */
const actorName = line(100)
const password = z.string().min(1).max(1_000)
/** What stands behind the `#` of a link. */
const linkSecret = line(200)

const signedInBy = z.enum(['password', 'code', 'passkey', 'oidc', 'token'])

export const me = z
  .object({
    name: z.string(),
    kind: z.enum(['user', 'token']),
    /** For all apps; null: only what `apps` says. */
    role: role.nullable(),
    apps: z.array(appRole),
    signedInBy,
    email: z.string().nullable(),
    /** Whether a code is asked for after the password. */
    twoFactor: z.boolean(),
    expiresAt: time.nullable(),
    session: z.string().nullable(),
  })
  .meta({ id: 'Me' })
export type MeJson = z.output<typeof me>

export const session = z
  .object({
    id: z.string(),
    current: z.boolean(),
    signedInBy,
    address: z.string().nullable(),
    agent: z.string().nullable(),
    createdAt: time,
    lastSeenAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Session' })
export type SessionJson = z.output<typeof session>

export const signInOptions = z
  .object({
    /** There is no user yet: a set-up link makes the first. */
    setUp: z.boolean(),
    password: z.literal(true),
    passkey: z.boolean(),
    oidc: z.array(z.object({ id: z.string(), name: z.string() })),
  })
  .meta({ id: 'SignInOptions' })

export const linkBody = z.strictObject({ link: linkSecret })
export const link = z.object({
  purpose: z.enum(['setUp', 'invitation', 'reset']),
  name: z.string().nullable(),
  expiresAt: time,
})
export const setUpBody = z.strictObject({
  link: linkSecret,
  name: actorName,
  email: email.optional(),
  password,
})
export const acceptBody = z.strictObject({ link: linkSecret, password })
export const signedIn = z.object({ name: z.string() })
export const setUpLink = z.object({ link: z.string(), expiresAt: time })

export const user = z
  .object({
    name: z.string(),
    email: z.string().nullable(),
    role: role.nullable(),
    apps: z.array(appRole),
    state: z.enum(['invited', 'active', 'disabled']),
    twoFactor: z.boolean(),
    passkeys: z.number().int(),
    createdAt: time,
    lastSeenAt: time.nullable(),
  })
  .meta({ id: 'User' })
export type UserJson = z.output<typeof user>

/** `link` is the whole address; null in the answer to a write that was sent twice. */
export const userLink = z
  .object({ user, link: z.string().nullable(), expiresAt: time })
  .meta({ id: 'UserLink' })
export type UserLinkJson = z.output<typeof userLink>

const fewApps = (value: object) => Object.keys(value).length <= 1_000
export const inviteBody = z.strictObject({
  name: actorName,
  email: email.optional(),
  role: role.nullable(),
  apps: z.record(line(100), role).refine(fewApps, 'at most 1000 apps').default({}),
})
/** What is left out stays; an app with null goes. */
export const changeUserBody = z
  .strictObject({
    email: email.nullable().optional(),
    role: role.nullable().optional(),
    apps: z.record(line(100), role.nullable()).refine(fewApps, 'at most 1000 apps').optional(),
    disabled: z.boolean().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'name at least one thing to change')

export const token = z
  .object({
    name: z.string(),
    role,
    /** Null: all apps. */
    apps: z.array(z.string()).nullable(),
    owner: z.string().nullable(),
    createdAt: time,
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'Token' })
export type TokenJson = z.output<typeof token>

export const createTokenBody = z.strictObject({
  name: actorName,
  role,
  apps: z.array(line(100)).min(1).max(1_000).nullable().default(null),
  expiresAt: time.nullable().default(null),
})
/** `secret` is shown this once; null in the answer to a write that was sent twice. */
export const newToken = z.object({ token, secret: z.string().nullable() }).meta({ id: 'NewToken' })
export type NewTokenJson = z.output<typeof newToken>
