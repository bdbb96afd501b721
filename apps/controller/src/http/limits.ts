/** How often something may be tried; more is `auth.tooMany`, with `Retry-After`. Counted by each controller for itself. */
import rateLimit from '@fastify/rate-limit'
import { TagshipError } from '@tagship/domain'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** From one address. */
const perAddress = { max: 30, timeWindow: 60_000 } as const
/** For one name, from wherever: guessing by many addresses at once is slow as well. */
const perName = { max: 30, timeWindow: 15 * 60_000 } as const

/** Of webhooks: a provider tells for many apps from few addresses. */
export const deliveriesPerAddress = { max: 300, timeWindow: 60_000, groupId: 'deliveries' } as const

export async function registerLimits(server: FastifyInstance): Promise<void> {
  await server.register(rateLimit, {
    global: false,
    cache: 10_000,
    errorResponseBuilder: (_request, { after }) =>
      new TagshipError('auth.tooMany', `too many attempts; it is open again in ${after}`),
  })
}

/** What a route takes with it whose attempts are counted. */
export function limitAttempts(server: FastifyInstance) {
  const countName = server.rateLimit({ ...perName, groupId: 'name', keyGenerator: nameOf })
  return {
    config: { role: null, rateLimit: { ...perAddress, groupId: 'attempts' } },
    preHandler: countName,
  } as const
}

/** The name that is tried; where none is, the address. */
function nameOf(request: FastifyRequest): string {
  const { body } = request
  if (typeof body === 'object' && body !== null) {
    const name: unknown = Reflect.get(body, 'username') ?? Reflect.get(body, 'email')
    if (typeof name === 'string') return `name ${name.toLowerCase().slice(0, 200)}`
  }
  return `address ${request.ip}`
}
