/** What browsers are told about every answer. */
import helmet from '@fastify/helmet'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { SignIn } from '../sign-in/sign-in.ts'

/** The dashboard is scripts, styles, fonts and pictures of this origin, and nothing else; nobody may frame it. */
const contentSecurity = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
} as const

/** A year: browsers come back over TLS only. */
const strictTransport = 'max-age=31536000'

export async function protectBrowsers(server: FastifyInstance, signIn: SignIn): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: copyOf(contentSecurity) },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // Only where there is TLS: said below.
    hsts: false,
  })
  server.addHook('onRequest', async (request, reply) => {
    if (isBehindTls(request, signIn)) reply.header('strict-transport-security', strictTransport)
    // What one may see, another may not: no cache in between keeps it.
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
}

function isBehindTls(request: FastifyRequest, signIn: SignIn): boolean {
  return request.protocol === 'https' || (signIn.knownOrigin(request)?.startsWith('https:') ?? false)
}

function copyOf(directives: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(directives).map(([name, sources]) => [name, [...sources]]))
}
