/** Fields of a request that open something: nothing of them is kept. */
export const confidential = ['password', 'currentPassword', 'newPassword', 'link', 'code'] as const

/** A request as it is compared with another of the same key. */
export function comparable(body: unknown): unknown {
  const kept = withoutSecrets(body)
  if (!isRecord(kept)) return kept
  const fields = confidential.filter((field) => typeof kept[field] === 'string')
  return { ...kept, ...Object.fromEntries(fields.map((field) => [field, 'hidden'])) }
}

/**
 * A body for what is kept of it: the values of secrets are left out, also where only a hash would be kept, from
 * which a short one could be found by trying. Of a request and of an answer alike.
 */
export function withoutSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { secrets, credential, secret } = Object.fromEntries(Object.entries(body))
  return {
    ...body,
    ...(isRecord(secrets) ? { secrets: hidden(secrets) } : {}),
    ...(isRecord(credential) ? { credential: hiddenCredential(credential) } : {}),
    ...(typeof secret === 'string' ? { secret: null } : {}),
  }
}

function hidden(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : 'hidden']),
  )
}

/** The rest tells one credential from another, and may be shown. */
function hiddenCredential(credential: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { token: _, privateKey: __, ...rest } = credential
  return rest
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
