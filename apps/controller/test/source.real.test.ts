/** Sources over HTTP: settings that show no secret, and deliveries of webhooks. */
import { createHmac } from 'node:crypto'
import { problem } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api?.[Symbol.asyncDispose]())

let names = 0
async function addApp(): Promise<string> {
  names += 1
  const body = { name: `source-${names}`, repo: 'https://example.com/shop.git' }
  return (await api.client().addApp({ body })).name
}

describe('a source', () => {
  test('shows what it is read with, and nothing secret, nowhere', async () => {
    const params = { app: await addApp() }
    const client = api.client()
    const credential = { kind: 'token' as const, user: 'bot', token: 'hunter2-token' }
    const idempotencyKey = crypto.randomUUID()
    const source = await client.setCredential({ params, body: { credential }, idempotencyKey })
    expect(source.credential).toMatchObject({ kind: 'token', readable: true, setBy: 'admin' })
    const access = await api.store.sourceAccess(params.app)
    expect(access.credential).toEqual(credential)
    const audit = await client.listAudit({ query: { app: params.app } })
    expect(audit.items[0]).toMatchObject({ action: 'setCredential', outcome: 'done' })
    expect(JSON.stringify([source, audit, await client.getSource({ params })])).not.toContain('hunter2')
    await client.removeCredential({ params })
    await expect(client.removeCredential({ params })).resolves.toBeNull()
    expect((await client.getSource({ params })).credential).toBeNull()
  })

  test('is changed by an admin only', async () => {
    const params = { app: await addApp() }
    const body = { provider: 'github' as const }
    await expect(api.client('deployer').setWebhook({ params, body })).rejects.toMatchObject({ status: 403 })
  })
})

describe('a webhook', () => {
  const sent = (provider: string, app: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/api/v1/webhooks/${provider}/${app}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  const signed = (secret: string, body: string) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  })
  const jobs: string[] = []
  async function takeJobs(): Promise<string[]> {
    jobs.length = 0
    await api.store.takeOutbox(100, async (rows) => void jobs.push(...rows.map(({ queue }) => queue)))
    return [...jobs]
  }

  test('has a secret that is shown once, and accepts what is signed with it, once', async () => {
    const app = await addApp()
    const input = {
      params: { app },
      body: { provider: 'github' as const },
      idempotencyKey: crypto.randomUUID(),
    }
    const { secret, url } = await api.client().setWebhook(input)
    if (secret === null) throw new Error('no secret')
    expect(url).toBe(`http://tagship.test/api/v1/webhooks/github/${app}`)
    expect((await api.client().setWebhook(input)).secret).toBeNull()
    await takeJobs()

    const body = JSON.stringify({ ref: 'refs/tags/v1.0.0', before: '0'.repeat(40), created: true })
    const first = await sent('github', app, body, signed(secret, body))
    expect([first.status, await first.json()]).toEqual([202, { accepted: true }])
    expect(await takeJobs()).toEqual(['tags'])
    const again = await sent('github', app, body, { ...signed(secret, body), 'x-github-delivery': 'other' })
    expect([again.status, problem.parse(await again.json()).code]).toEqual([409, 'webhook.replayed'])
    const branch = JSON.stringify({ ref: 'refs/heads/main' })
    expect((await sent('github', app, branch, signed(secret, branch))).status).toBe(202)
    expect(await takeJobs()).toEqual([])
    const source = await api.client().getSource({ params: { app } })
    expect(source.webhooks).toMatchObject([{ provider: 'github', lastAt: expect.any(String) }])
    expect(JSON.stringify(source)).not.toContain(secret)
  })

  test('tells strangers nothing: what is wrong is not to be seen', async () => {
    const app = await addApp()
    await api.client().setWebhook({ params: { app }, body: { provider: 'gitea' } })
    const answers = await Promise.all([
      sent('gitea', app, '{}', { 'x-gitea-signature': 'f'.repeat(64) }),
      sent('gitea', app, '{}'),
      sent('github', app, '{}', signed('guess', '{}')),
      sent('gitea', 'no-such-app', '{}', { 'x-gitea-signature': 'f'.repeat(64) }),
      sent('no-such-provider', app, '{}'),
    ])
    const told = await Promise.all(
      answers.map(async (answer) => {
        const { instance: _, ...told } = problem.parse(await answer.json())
        return { status: answer.status, problem: told }
      }),
    )
    for (const one of told) expect(one).toEqual(told[0])
    expect(told[0]).toMatchObject({ status: 401, problem: { code: 'webhook.refused' } })
    expect(await takeJobs()).toEqual([])
  })

  test('takes a megabyte, and no more', async () => {
    const app = await addApp()
    const response = await sent('github', app, 'x'.repeat(1024 * 1024 + 1))
    expect(response.status).toBe(413)
  })

  test('takes nothing any more once it is removed', async () => {
    const app = await addApp()
    const params = { app, provider: 'gitlab' as const }
    const { secret } = await api.client().setWebhook({ params, body: { provider: 'gitlab' } })
    await api.client().removeWebhook({ params })
    const response = await sent('gitlab', app, '{}', { 'x-gitlab-token': secret ?? '' })
    expect(response.status).toBe(401)
    await expect(api.client().removeWebhook({ params })).rejects.toMatchObject({ code: 'webhook.notFound' })
  })
})
