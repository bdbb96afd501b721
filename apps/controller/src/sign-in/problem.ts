/** What better-auth says, in the words of the catalogue. */
import { type ErrorCode, TagshipError } from '@tagship/domain'
import { z } from 'zod'

const refusal = z.object({ code: z.string().optional(), message: z.string().optional() })

const wrongPassword = [
  ...['INVALID_USERNAME_OR_PASSWORD', 'INVALID_EMAIL_OR_PASSWORD', 'INVALID_PASSWORD', 'INVALID_USERNAME'],
  ...['USERNAME_TOO_SHORT', 'USERNAME_TOO_LONG', 'INVALID_EMAIL', 'CREDENTIAL_ACCOUNT_NOT_FOUND'],
]
const wrongCode = [
  ...['INVALID_CODE', 'INVALID_BACKUP_CODE', 'INVALID_TWO_FACTOR_COOKIE', 'TOTP_NOT_ENABLED'],
  ...['TWO_FACTOR_NOT_ENABLED', 'BACKUP_CODES_NOT_ENABLED'],
]
const foreign = ['INVALID_ORIGIN', 'MISSING_OR_NULL_ORIGIN', 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED']

/** @param signingIn whether an unfit password is simply a wrong one */
export function problemOfAnswer(status: number, body: unknown, signingIn: boolean): TagshipError {
  const { code = '', message = '' } = refusal.safeParse(body).data ?? {}
  const detail = message.slice(0, 300) || `the answer was ${status}`
  return new TagshipError(codeOf(status, code, signingIn), detail)
}

function codeOf(status: number, code: string, signingIn: boolean): ErrorCode {
  if (wrongPassword.includes(code)) return 'auth.wrongPassword'
  if (code === 'PASSWORD_TOO_SHORT' || code === 'PASSWORD_TOO_LONG') {
    return signingIn ? 'auth.wrongPassword' : 'auth.passwordUnfit'
  }
  if (wrongCode.includes(code)) return 'auth.wrongCode'
  if (foreign.includes(code)) return 'auth.crossSite'
  if (code === 'SESSION_NOT_FRESH') return 'auth.notFresh'
  if (status === 429 || code.startsWith('TOO_MANY')) return 'auth.tooMany'
  if (status === 401) return 'auth.missing'
  if (status >= 500) return 'internal'
  return 'auth.signInFailed'
}
