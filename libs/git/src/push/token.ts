/** The token of a request: the password of HTTP's basic authentication, or the user name where it has none. */
export function tokenOf(authorization: string | undefined): string | null {
  const [, encoded] = /^basic ([a-z0-9+/=_-]+)$/i.exec(authorization?.trim() ?? '') ?? []
  if (!encoded) return null
  const credentials = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = credentials.indexOf(':')
  if (colon === -1) return credentials || null
  return credentials.slice(colon + 1) || credentials.slice(0, colon) || null
}
