/** A browser sends cookies along with what other sites make it do (CSRF): such requests change nothing here. */
import { TagshipError } from '@tagship/domain'
import type { FastifyRequest } from 'fastify'

/**
 * Browsers say where a request comes from: `Origin` with every write, `Sec-Fetch-Site` with every request.
 * @param trusting whether one that says neither is let through: there is no cookie to misuse, or it is no browser
 * @throws auth.crossSite
 */
export function refuseCrossSite(request: FastifyRequest, ownOrigin: string, trusting: boolean): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  const fine =
    origin !== undefined
      ? origin === ownOrigin
      : site !== undefined
        ? site === 'same-origin' || site === 'none'
        : trusting
  if (fine) return
  throw new TagshipError('auth.crossSite', 'a page of another site, or one that does not say which, sent it')
}
