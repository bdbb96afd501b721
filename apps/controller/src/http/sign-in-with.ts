import { TagshipError } from '@tagship/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerDeps } from './handler.ts'

/** Signs in who has just chosen this password: their session goes with the reply. */
export async function signInWith(
  { signIn }: ServerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  body: { readonly username: string; readonly password: string },
): Promise<{ name: string }> {
  const answer = await signIn.ask(request, { method: 'POST', path: '/sign-in/username', body })
  if (answer.status !== 200)
    throw new TagshipError('auth.signInFailed', 'the password is set; sign in with it')
  for (const cookie of answer.headers.getSetCookie()) reply.header('set-cookie', cookie)
  return { name: body.username }
}
