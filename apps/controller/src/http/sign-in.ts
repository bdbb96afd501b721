/** better-auth under `/api/auth`: limited, in the API’s own manner of errors, and with entries in the audit. */
import type { TagshipError } from '@tagship/domain'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { problemOfAnswer } from '../sign-in/problem.ts'
import { questions, type SignInQuestion } from '../sign-in/questions.ts'
import type { SessionFacts } from '../sign-in/sign-in.ts'
import type { Gate } from './access.ts'
import type { Auditor } from './audit.ts'
import { refuseCrossSite } from './cross-site.ts'
import { limitAttempts } from './limits.ts'
import { explain } from './problems.ts'

const bodyLimit = 64 * 1024

interface Desk extends Gate {
  readonly auditor: Auditor
}

export function registerSignIn(server: FastifyInstance, desk: Desk): void {
  for (const question of questions) {
    const { method, path, body, query } = question
    server.route({
      method,
      url: `/api/auth${path}`,
      bodyLimit,
      schema: {
        operationId: `auth${path.replace(/[^a-z]+([a-z])/gi, (_, letter: string) => letter.toUpperCase())}`,
        summary: question.summary,
        tags: ['sign-in'],
        security: [],
        ...(body ? { body } : {}),
        ...(query ? { querystring: query } : {}),
        ...(path.includes(':provider') ? { params: z.object({ provider: z.string().max(100) }) } : {}),
      },
      config: { role: null },
      ...(question.limited ? limitAttempts(server) : {}),
      preValidation: async (request) => {
        if (body) request.body ??= {}
      },
      handler: (request, reply) => answer(desk, question, request, reply),
    })
  }
}

async function answer(desk: Desk, question: SignInQuestion, request: FastifyRequest, reply: FastifyReply) {
  const { signIn, auditor } = desk
  const { action } = question
  try {
    if (question.method === 'POST') {
      refuseCrossSite(request, signIn.originOf(request), request.headers.cookie === undefined)
    }
    const before = action === null || action === 'signIn' ? null : await signIn.sessionOf(request, reply)
    const path = request.url.slice('/api/auth'.length)
    const response = await signIn.ask(request, { method: question.method, path, body: request.body })
    const text = await response.text()
    if (response.status >= 400) throw await problemOf(desk, response.status, text, action === 'signIn')
    const begun = action === 'signIn' ? await signIn.begunBy(request, response) : null
    if (action !== null) await record(desk, request, action, begun ?? before)
    return relay(reply, response, text, question)
  } catch (error) {
    if (action !== null) await auditor.failedToSignIn(request, action, explain(error))
    throw error
  }
}

/** Where it failed since the database is away, that is what is said. */
async function problemOf(
  { store }: Desk,
  status: number,
  text: string,
  signingIn: boolean,
): Promise<TagshipError> {
  if (status >= 500) await store.ping()
  return problemOfAnswer(status, parse(text), signingIn)
}

/** A password alone, where a second factor is wanted, signs nobody in: there is nothing to tell yet. */
async function record(
  { store, auditor }: Desk,
  request: FastifyRequest,
  action: string,
  session: SessionFacts | null,
): Promise<void> {
  const identity = session && (await store.identityOfUser(session.userId))
  if (!session || !identity) return
  await auditor.signedIn(request, action, { name: identity.name, by: session.signedInBy })
}

/** Of its answer what the page needs: no token of a session is ever in reach of a script. */
function relay(
  reply: FastifyReply,
  response: Response,
  text: string,
  { whole }: SignInQuestion,
): FastifyReply {
  for (const cookie of response.headers.getSetCookie()) reply.header('set-cookie', cookie)
  reply.header('cache-control', 'no-store').code(response.status)
  const location = response.headers.get('location')
  if (location !== null && response.status >= 300) return reply.header('location', location).send()
  const body: unknown = parse(text)
  if (whole || typeof body !== 'object' || body === null || Array.isArray(body)) return reply.send(body ?? {})
  const told = Object.entries(body).filter(([name]) => !['token', 'session', 'user'].includes(name))
  return reply.send(Object.fromEntries(told))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
