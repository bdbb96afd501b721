/** Which refs a delivery tells of. It decides no more than whether it is worth a look at the repository. */
import type { WebhookProvider } from '@tagship/domain'
import { z } from 'zod'

const ref = z.string().max(1_000)

/** GitHub, Gitea, Forgejo and GitLab: `push` has the whole ref; `create` and `delete` have a name and a kind. */
const push = z.object({ ref, ref_type: z.string().optional() })

/** Bitbucket Cloud. */
const bitbucketChange = z.object({ type: z.string() }).nullable()
const bitbucketPush = z.object({
  push: z.object({
    changes: z
      .array(z.object({ new: bitbucketChange.optional(), old: bitbucketChange.optional() }))
      .max(1_000),
  }),
})

/** Bitbucket Data Center. */
const serverPush = z.object({
  changes: z.array(z.object({ ref: z.object({ type: z.string() }) })).max(1_000),
})

/** False only where it tells of branches and nothing else; what is not understood may be about tags. */
export function mayTellOfTags(provider: WebhookProvider, body: Buffer): boolean {
  const payload = parse(body)
  if (provider === 'bitbucket') return bitbucketTags(payload)
  const parsed = push.safeParse(payload)
  if (!parsed.success) return true
  const { ref, ref_type: kind } = parsed.data
  return !(ref.startsWith('refs/heads/') || kind === 'branch')
}

function bitbucketTags(payload: unknown): boolean {
  const cloud = bitbucketPush.safeParse(payload)
  if (cloud.success) {
    const { changes } = cloud.data.push
    return changes.length === 0 || changes.some((change) => (change.new ?? change.old)?.type !== 'branch')
  }
  const server = serverPush.safeParse(payload)
  return !server.success || server.data.changes.some(({ ref }) => ref.type !== 'BRANCH')
}

/** GitHub can send forms, too. */
function parse(body: Buffer): unknown {
  const text = body.toString('utf8')
  try {
    return JSON.parse(text.startsWith('payload=') ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch {
    return null
  }
}
