/**
 * `POST /api/v1/webhooks/:provider/:app`: providers tell of new tags. A delivery is a hint and no more: what is
 * deployed is read from the repository. Who has no valid signature learns nothing, not even whether an app exists.
 */
import { randomBytes } from 'node:crypto'
import { problem, webhookAccepted } from '@tagship/api'
import { TagshipError, type WebhookProvider, webhookProviders } from '@tagship/domain'
import { throttle } from '@tagship/kit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { mayTellOfTags } from '../webhooks/payload.ts'
import { type Delivery, digestOf, isSigned } from '../webhooks/signature.ts'
import type { ServerDeps } from './handler.ts'
import { deliveriesPerAddress } from './limits.ts'

/** A push that tells of many commits is large; providers themselves send up to 25 MB, which nobody needs to read. */
const bodyLimit = 1024 * 1024

const params = z.object({ provider: z.string().max(100), app: z.string().max(100) })

/** What a stranger's delivery is compared with, so that the answer takes as long. */
const nobodysSecret = randomBytes(32).toString('base64url')

export async function registerWebhooks(server: FastifyInstance, deps: ServerDeps): Promise<void> {
  const warn = throttle((fields: object) => deps.log.warn(fields, 'a delivery of a webhook was refused'))
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // What is signed are the bytes, whatever they mean.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.route({
      method: 'POST',
      url: '/api/v1/webhooks/:provider/:app',
      bodyLimit,
      schema: {
        operationId: 'receiveWebhook',
        summary: 'Tell of new tags; signed in the way of the provider',
        security: [],
        params,
        response: { 202: webhookAccepted, '4xx': problemContent },
      },
      config: { role: null, rateLimit: deliveriesPerAddress },
      handler: async (request, reply) => {
        try {
          await receive(deps, request)
        } catch (error) {
          if (error instanceof TagshipError && error.code === 'webhook.refused') {
            warn({ from: request.ip, path: request.url.slice(0, 200) })
          }
          throw error
        }
        return reply.code(202).send({ accepted: true })
      },
    })
  })
}

const problemContent = {
  description: 'webhook.refused, webhook.replayed, input.tooLarge',
  content: { 'application/problem+json': { schema: problem } },
}

/** @throws webhook.refused, webhook.replayed */
async function receive({ store }: ServerDeps, request: FastifyRequest): Promise<void> {
  const asked = params.parse(request.params)
  const provider = providerOf(asked.provider)
  const delivery = deliveryOf(request)
  const known = isAppName(asked.app) ? await store.webhookOf(asked.app, provider ?? 'github') : null
  const signed = isSigned(provider ?? 'github', delivery, known?.secret ?? nobodysSecret)
  if (!known || !provider || !signed) {
    throw new TagshipError('webhook.refused', 'the delivery is not signed by who may tell of new tags here')
  }
  const accepted = await store.acceptDelivery(
    { appId: known.appId, provider, digest: digestOf(provider, delivery) },
    mayTellOfTags(provider, delivery.body),
  )
  if (!accepted) throw new TagshipError('webhook.replayed', 'the same delivery was accepted before')
}

/** What cannot be a name is not asked for: a database cannot even hold some of it. */
function isAppName(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/.test(text)
}

function providerOf(text: string): WebhookProvider | null {
  return webhookProviders.find((provider) => provider === text) ?? null
}

function deliveryOf({ body, headers }: FastifyRequest): Delivery {
  return {
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    header: (name) => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    },
    now: Date.now(),
  }
}
