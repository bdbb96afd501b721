/** Walks every route of the OpenAPI document with every role, at objects of one’s own, of others, and that are not there. */
import { type Problem, type Role, roles } from '@tagship/api'
import { parseTagName } from '@tagship/domain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, commit, startApi } from './api-under-test.ts'
import { browserOf } from './browser.ts'

let api: ApiUnderTest
/** Tokens with a role for the app `mine` only. */
let members: Record<Role, string>
let deploymentOf: Record<'mine' | 'theirs', string>
let operations: Operation[]

interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly name: string
  readonly open: boolean
  readonly description: string
}

const absentDeployment = '6f1b6c1e-6a7f-4a54-9f0a-0a5d0a5d0a5d'

/** All that is open to strangers. Whoever adds to this list has thought about why. */
const open = [
  ...['health', 'readiness', 'signInOptions', 'showLink', 'setUp', 'acceptInvitation'],
  // Signed, or refused.
  'receiveWebhook',
  // better-auth asks for a session itself where it has to.
  /^auth[A-Z]/,
]
/** Writes that everybody may do, since they touch nothing but what is their own. */
const ownWrites = ['endSession', 'endOtherSessions', 'createToken', 'revokeToken']

beforeAll(async () => {
  api = await startApi()
  const admin = api.client()
  for (const name of ['mine', 'theirs']) await admin.addApp({ body: { name } })
  deploymentOf = { mine: await deploy('mine'), theirs: await deploy('theirs') }
  const made = await Promise.all(
    roles.map(async (role) => {
      const { secret } = await admin.createToken({ body: { name: `mine-${role}`, role, apps: ['mine'] } })
      return [role, secret ?? '']
    }),
  )
  members = Object.fromEntries(made)
  operations = readOperations(await admin.openapi())
})
afterAll(() => api?.[Symbol.asyncDispose]())

async function deploy(name: string): Promise<string> {
  const app = await api.store.appByName(name)
  if (!app) throw new Error(`no app ${name}`)
  const what = { kind: 'commit' as const, commit, tag: parseTagName('v1.0.0') }
  const made = await api.store.createDeployment({
    app,
    trigger: 'manual',
    actor: 'admin',
    reason: null,
    what,
  })
  return made?.id ?? ''
}

function readOperations(document: Record<string, unknown>): Operation[] {
  const found: Operation[] = []
  for (const [path, methods] of Object.entries(Object(document.paths))) {
    for (const [method, operation] of Object.entries(Object(methods))) {
      const { operationId, security, description = '' } = Object(operation)
      const upper = method.toUpperCase() as Operation['method']
      found.push({ method: upper, path, name: operationId, open: security.length === 0, description })
    }
  }
  return found
}

const needs = ({ description }: Operation) => roles.find((role) => description.includes(`role ${role} `))
const namesApp = ({ path }: Operation) => path.includes('{app}')
const namesDeployment = ({ path }: Operation) => path.includes('/deployments/{id}')
const isOwn = ({ description }: Operation) => description.startsWith('For everybody')

interface Target {
  readonly app: string
  readonly deployment: string
}

async function ask({ method, path }: Operation, token: string | null, { app, deployment }: Target) {
  const url = path
    .replace('{app}', app)
    .replace('/deployments/{id}', `/deployments/${deployment}`)
    .replace(/\{\w+\}/g, 'nothing-of-this-name')
  const response = await api.server.inject({
    method,
    url,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
    },
    ...(method === 'GET' ? {} : { body: '{}' }),
    ...(path === '/api/v1/events' ? { signal: AbortSignal.timeout(500) } : {}),
  })
  return { status: response.statusCode, text: response.body }
}

const codeOf = (text: string): string => (JSON.parse(text) as Problem).code
const mine = (): Target => ({ app: 'mine', deployment: deploymentOf.mine })
const theirs = (): Target => ({ app: 'theirs', deployment: deploymentOf.theirs })
const nowhere: Target = { app: 'absent', deployment: absentDeployment }
/** A stream that one may open has no end to wait for. */
const answers = () => operations.filter(({ path }) => path !== '/api/v1/events')

describe('every route of the document', () => {
  test('is one of the contract, and says who may use it', () => {
    expect(operations.length).toBeGreaterThan(50)
    for (const operation of operations) {
      expect(operation.name).toBeTruthy()
      if (!operation.open) expect(needs(operation) ?? isOwn(operation), operation.name).toBeTruthy()
    }
  })

  test('is closed to strangers, but for those that are meant to be open', async () => {
    const isOpen = ({ name }: Operation) =>
      open.some((known) => (typeof known === 'string' ? known === name : known.test(name)))
    for (const operation of operations) {
      expect(operation.open, operation.name).toBe(isOpen(operation))
      if (operation.open) continue
      const { status, text } = await ask(operation, null, mine())
      expect([status, codeOf(text)], operation.name).toEqual([401, 'auth.missing'])
    }
  })

  test('that writes needs more than the lowest role', () => {
    for (const operation of operations) {
      if (operation.open || operation.method === 'GET' || ownWrites.includes(operation.name)) continue
      expect(['deployer', 'admin'], operation.name).toContain(needs(operation))
    }
  })

  test.each(roles)(
    'lets a %s of the whole installation do what the role allows, and no more',
    async (role) => {
      for (const operation of answers()) {
        const needed = needs(operation)
        if (operation.open || !needed) continue
        const { status, text } = await ask(operation, api.tokens[role], nowhere)
        if (roles.indexOf(role) >= roles.indexOf(needed))
          expect([401, 403], operation.name).not.toContain(status)
        else expect([status, codeOf(text)], operation.name).toEqual([403, 'auth.forbidden'])
      }
    },
  )

  test.each(roles)('lets a %s of one app do there what the role allows, and no more', async (role) => {
    for (const operation of answers()) {
      const needed = needs(operation)
      if (operation.open || !needed || !(namesApp(operation) || namesDeployment(operation))) continue
      // The object itself stays for the next.
      if (operation.name === 'removeApp') continue
      const { status, text } = await ask(operation, members[role], mine())
      if (roles.indexOf(role) >= roles.indexOf(needed)) {
        expect([401, 403, 404], `${operation.name} ${text.slice(0, 200)}`).not.toContain(
          status === 404 && !/^(app|deployment)\./.test(codeOf(text)) ? 0 : status,
        )
      } else expect([status, codeOf(text)], operation.name).toEqual([403, 'auth.forbidden'])
    }
  })

  test.each(roles)(
    'answers a %s of one app about others exactly as about what is not there',
    async (role) => {
      for (const operation of answers()) {
        if (operation.open || !(namesApp(operation) || namesDeployment(operation))) continue
        const foreign = await ask(operation, members[role], theirs())
        const absent = await ask(operation, members[role], nowhere)
        expect(foreign.status, operation.name).toBe(404)
        const renamed = foreign.text
          .replaceAll('theirs', 'absent')
          .replaceAll(deploymentOf.theirs, absentDeployment)
        expect(renamed, operation.name).toBe(absent.text)
        expect(absent.status, operation.name).toBe(404)
      }
    },
  )

  test.each(roles)('about the whole installation is closed to a %s of one app', async (role) => {
    for (const operation of answers()) {
      if (operation.open || isOwn(operation) || namesApp(operation) || namesDeployment(operation)) continue
      const { status, text } = await ask(operation, members[role], mine())
      expect([status, codeOf(text)], operation.name).toEqual([403, 'auth.forbidden'])
    }
  })

  test('that is for everybody tells a member nothing of other apps', async () => {
    await api.client().hold({ params: { app: 'theirs' }, body: { reason: 'a secret of theirs' } })
    await api.client().hold({ params: { app: 'mine' }, body: {} })
    for (const operation of answers()) {
      if (operation.open || !isOwn(operation) || operation.method !== 'GET') continue
      if (operation.name === 'openapi') continue
      const { status, text } = await ask(operation, members.admin, mine())
      expect(status, operation.name).toBe(200)
      for (const word of ['theirs', deploymentOf.theirs]) expect(text, operation.name).not.toContain(word)
    }
    const seen = await ask({ ...find('listApps') }, members.viewer, mine())
    expect(seen.text).toContain('"mine"')
    for (const query of ['?app=theirs', `?deployment=${deploymentOf.theirs}`]) {
      const events = { ...find('readEvents'), path: `/api/v1/events${query}` }
      expect((await ask(events, members.viewer, mine())).status, query).toBe(404)
    }
    const audit = await ask(
      { ...find('listAudit'), path: '/api/v1/audit?app=theirs' },
      members.viewer,
      mine(),
    )
    expect(JSON.parse(audit.text)).toEqual({ items: [], next: null })
  })
})

describe('streams', () => {
  const follow = async (token: string) => {
    const response = await fetch(`${api.url}/api/v1/events?after=0`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    })
    if (!response.body) throw new Error('no stream')
    return response.body.pipeThrough(new TextDecoderStream())
  }

  test('carry only what the caller may see', async () => {
    let text = ''
    for await (const chunk of await follow(members.viewer)) {
      text += chunk
      if (text.includes('holdSet')) break
    }
    expect(text).toContain('"app":"mine"')
    expect(text).not.toContain('theirs')
  })

  test('end when the token is revoked', async () => {
    const { secret } = await api.client().createToken({ body: { name: 'short-lived', role: 'viewer' } })
    const stream = await follow(secret ?? '')
    await api.client().revokeToken({ params: { token: 'short-lived' } })
    const began = Date.now()
    for await (const chunk of stream) expect(chunk).toBeDefined()
    expect(Date.now() - began).toBeLessThan(30_000)
  })
})

test('refusals are in the audit, with who it was', async () => {
  await ask(find('deploy'), members.viewer, mine())
  const [entry] = await api.store.listAudit({ limit: 1 })
  expect(entry).toMatchObject({ actor: 'mine-viewer', action: 'deploy', app: 'mine', outcome: 'refused' })
})

test('a cookie that nobody gave opens nothing', async () => {
  const page = browserOf(api.server)
  page.cookies.set('tagship.session_token', 'made-up.c2lnbmF0dXJl')
  expect(await page.get('/api/v1/apps')).toMatchObject({ status: 401, body: { code: 'auth.missing' } })
})

function find(name: string): Operation {
  const found = operations.find((operation) => operation.name === name)
  if (!found) throw new Error(`no route ${name}`)
  return found
}
