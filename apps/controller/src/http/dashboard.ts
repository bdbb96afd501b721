/** The dashboard (apps/dashboard), from the same origin as the API that it speaks. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { TagshipError } from '@tagship/domain'
import type { FastifyInstance } from 'fastify'

/** Made by the launcher (deploy/machine/dashboard.sh). */
const folder = fileURLToPath(new URL('../../../dashboard/dist/', import.meta.url))
const page = 'index.html'
/** Their names do not change with their content, as those in `assets/` do. */
const namedFiles = ['theme.js', 'mark.svg']
/** Open to all: the files hold nothing that is not in the sources; what they show comes from the API, by its rules. */
const open = { config: { role: null }, schema: { hide: true } } as const

export async function registerDashboard(server: FastifyInstance): Promise<void> {
  await server.register(fastifyStatic, {
    root: folder,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    suppressWarning: true,
    setHeaders: (reply, path) => {
      if (path.includes('/assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable')
      else reply.header('cache-control', 'no-cache')
    },
  })
  server.get<{ Params: { '*': string } }>('/assets/*', open, (request, reply) =>
    reply.sendFile(`assets/${request.params['*']}`),
  )
  for (const file of namedFiles) server.get(`/${file}`, open, (_, reply) => reply.sendFile(file))
  // No page is below it; what is not there is closed to strangers, like what is.
  server.get('/api/*', { schema: { hide: true } }, (_, reply) => reply.callNotFound())
  // Every other address may be one that the page itself knows.
  server.get('/*', open, async (_, reply) => {
    await access(join(folder, page)).catch((cause) => {
      throw new TagshipError('dashboard.notMade', `there is no ${page} in apps/dashboard/dist`, { cause })
    })
    return reply.sendFile(page)
  })
}
