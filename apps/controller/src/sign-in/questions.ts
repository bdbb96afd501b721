/** What of better-auth can be reached, and what it may be sent. Anything else of it is not there. */
import { z } from 'zod'

export interface SignInQuestion {
  readonly method: 'GET' | 'POST'
  /** Under `/api/auth`, as Fastify writes it. */
  readonly path: string
  readonly summary: string
  /** As the audit calls it; null: it changes nothing. */
  readonly action: string | null
  readonly body?: z.ZodType
  readonly query?: z.ZodType
  /** Guessing is made slow: by address, and by the name that is tried. */
  readonly limited?: true
  /** What is answered is no session: the page gets all of it. */
  readonly whole?: true
}

const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => !/\p{Cc}/u.test(value), 'must not have control characters')
const password = text(1_000)
const remember = z.boolean().optional()
const code = z.strictObject({ code: text(40), trustDevice: z.boolean().optional() })
/** What an authenticator says; better-auth reads it. No text in it is longer than a certificate. */
const credential = z.looseObject({ id: text(2_000), response: z.looseObject({}) }).refine((value) => {
  const json = JSON.stringify(value)
  return json.length < 32_768 && !json.includes('\\u0000')
}, 'must be what the authenticator said')
const ownPage = z
  .string()
  .max(500)
  .regex(/^\/(?!\/)[\x21-\x7e]*$/, 'must be a path of the dashboard')

const post = (path: string, summary: string, action: string, body: z.ZodType): SignInQuestion => ({
  method: 'POST',
  path,
  summary,
  action,
  body,
})
const limited = (question: SignInQuestion): SignInQuestion => ({ ...question, limited: true })
const get = (path: string, summary: string, query?: z.ZodType): SignInQuestion => ({
  method: 'GET',
  path,
  summary,
  action: null,
  ...(query ? { query } : {}),
})

export const questions: readonly SignInQuestion[] = [
  limited(
    post(
      '/sign-in/username',
      'Sign in with name and password',
      'signIn',
      z.strictObject({ username: text(100), password, rememberMe: remember }),
    ),
  ),
  limited(
    post(
      '/sign-in/email',
      'Sign in with e-mail address and password',
      'signIn',
      z.strictObject({ email: text(200), password, rememberMe: remember }),
    ),
  ),
  limited(post('/two-factor/verify-totp', 'The second factor', 'signIn', code)),
  limited(post('/two-factor/verify-backup-code', 'A backup code as second factor', 'signIn', code)),
  post('/sign-out', 'End this session', 'signOut', z.strictObject({})),
  limited(
    post(
      '/change-password',
      'Choose another password',
      'changePassword',
      z.strictObject({
        currentPassword: password,
        newPassword: password,
        revokeOtherSessions: z.boolean().optional(),
      }),
    ),
  ),
  limited(
    post(
      '/two-factor/enable',
      'Begin to use a second factor',
      'enableTwoFactor',
      z.strictObject({ password, method: z.literal('totp').default('totp') }),
    ),
  ),
  limited(
    post(
      '/two-factor/disable',
      'Use no second factor any more',
      'disableTwoFactor',
      z.strictObject({ password }),
    ),
  ),
  limited(
    post(
      '/two-factor/generate-backup-codes',
      'New backup codes; the old ones end',
      'newBackupCodes',
      z.strictObject({ password }),
    ),
  ),
  {
    ...get(
      '/passkey/generate-register-options',
      'What a new passkey is made from',
      z.strictObject({ name: text(100).optional() }),
    ),
    whole: true,
  },
  post(
    '/passkey/verify-registration',
    'Keep a new passkey',
    'addPasskey',
    z.strictObject({ response: credential, name: text(100).optional() }),
  ),
  get('/passkey/generate-authenticate-options', 'What a passkey signs'),
  limited(
    post(
      '/passkey/verify-authentication',
      'Sign in with a passkey',
      'signIn',
      z.strictObject({ response: credential }),
    ),
  ),
  get('/passkey/list-user-passkeys', 'One’s own passkeys'),
  post(
    '/passkey/delete-passkey',
    'Remove a passkey of one’s own',
    'removePasskey',
    z.strictObject({ id: text(100) }),
  ),
  post(
    '/passkey/update-passkey',
    'Rename a passkey of one’s own',
    'renamePasskey',
    z.strictObject({ id: text(100), name: text(100) }),
  ),
  limited(
    post(
      '/sign-in/social',
      'Begin to sign in with an OpenID provider',
      'beginOidc',
      z.strictObject({
        provider: text(100),
        callbackURL: ownPage.optional(),
        errorCallbackURL: ownPage.optional(),
      }),
    ),
  ),
  {
    ...get(
      '/callback/:provider',
      'Where an OpenID provider sends the browser back to',
      z.object({
        code: text(4_000).optional(),
        state: text(4_000).optional(),
        iss: text(2_000).optional(),
        error: text(500).optional(),
        error_description: text(2_000).optional(),
      }),
    ),
    action: 'signIn',
    limited: true,
  },
]
