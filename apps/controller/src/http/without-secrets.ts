/**
 * A request's body for what is kept of it: the values of secrets are left out, also where only a hash would be
 * kept, from which a short one could be found by trying.
 */
export function withoutSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const secrets: unknown = Reflect.get(body, 'secrets')
  if (typeof secrets !== 'object' || secrets === null) return body
  const hidden = Object.entries(secrets).map(([name, value]) => [name, value === null ? null : 'hidden'])
  return { ...body, secrets: Object.fromEntries(hidden) }
}
