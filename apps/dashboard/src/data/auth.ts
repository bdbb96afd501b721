/** Signing in, and what one signs in with: the paths under /api/auth (docs/guides/access.md). */
import { ControllerUnreachable, networkReason, parseJson, throwProblem } from '@tagship/api'
import { z } from 'zod'

const nothing = z.unknown()

/** A POST with JSON; a GET where there is no body. @throws ApiError, ControllerUnreachable */
async function request<T>(path: string, answer: z.ZodType<T>, body: object | null): Promise<T> {
  const init: RequestInit = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : {}
  const response = await fetch(`/api/auth${path}`, init).catch((error) => {
    throw new ControllerUnreachable(location.origin, networkReason(error), { cause: error })
  })
  if (!response.ok) return throwProblem(location.origin, response)
  return answer.parse(parseJson(await response.text()) ?? {})
}

export async function ask(path: string, body: object = {}): Promise<void> {
  await request(path, nothing, body)
}

const firstStep = z.object({ twoFactorRedirect: z.boolean().optional() })

/** @param login a name, or an e-mail address. @returns whether a code is asked for, too */
export async function signInWithPassword(login: string, password: string): Promise<{ needsCode: boolean }> {
  const byEmail = login.includes('@')
  const answer = byEmail
    ? await request('/sign-in/email', firstStep, { email: login, password })
    : await request('/sign-in/username', firstStep, { username: login, password })
  return { needsCode: answer.twoFactorRedirect === true }
}

/** Of the authenticator's app, or one of the backup codes. */
export function giveCode(code: string): Promise<void> {
  const digits = code.replace(/\s/g, '')
  return /^\d{6}$/.test(digits)
    ? ask('/two-factor/verify-totp', { code: digits })
    : ask('/two-factor/verify-backup-code', { code: code.trim() })
}

/** Leaves the page. */
export async function signInWithProvider(provider: string): Promise<void> {
  const { url } = await request('/sign-in/social', z.object({ url: z.string() }), {
    provider,
    callbackURL: '/',
    errorCallbackURL: '/sign-in',
  })
  location.assign(url)
}

export function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  return ask('/change-password', { currentPassword, newPassword, revokeOtherSessions: true })
}

const backupCodes = z.array(z.string())

/** It holds once a first code was given. @returns the address that an authenticator's app reads from a picture */
export function beginTwoFactor(password: string): Promise<{ totpURI: string; backupCodes: string[] }> {
  return request('/two-factor/enable', z.object({ totpURI: z.string(), backupCodes }), {
    password,
    method: 'totp',
  })
}

export function endTwoFactor(password: string): Promise<void> {
  return ask('/two-factor/disable', { password })
}

/** The old ones end. */
export async function newBackupCodes(password: string): Promise<string[]> {
  const answer = await request('/two-factor/generate-backup-codes', z.object({ backupCodes }), { password })
  return answer.backupCodes
}

const passkey = z.object({ id: z.string(), name: z.string().nullish(), createdAt: z.string().nullish() })
export type Passkey = z.output<typeof passkey>

export function listPasskeys(): Promise<Passkey[]> {
  return request('/passkey/list-user-passkeys', z.array(passkey), null)
}

export function removePasskey(id: string): Promise<void> {
  return ask('/passkey/delete-passkey', { id })
}

const options = z.looseObject({ challenge: z.string() })

/** Asks the browser to make one. @throws DOMException where the person has said no */
export async function addPasskey(name: string): Promise<void> {
  const asked = await request(
    `/passkey/generate-register-options?name=${encodeURIComponent(name)}`,
    options,
    null,
  )
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    asked as unknown as PublicKeyCredentialCreationOptionsJSON,
  )
  const made = await navigator.credentials.create({ publicKey })
  await ask('/passkey/verify-registration', { response: jsonOf(made), name })
}

/** @throws DOMException where the person has said no */
export async function signInWithPasskey(): Promise<void> {
  const asked = await request('/passkey/generate-authenticate-options', options, null)
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    asked as unknown as PublicKeyCredentialRequestOptionsJSON,
  )
  const signed = await navigator.credentials.get({ publicKey })
  await ask('/passkey/verify-authentication', { response: jsonOf(signed) })
}

function jsonOf(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('the browser gave no passkey')
  return credential.toJSON()
}

/** Older browsers cannot read what the controller says of passkeys. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}
