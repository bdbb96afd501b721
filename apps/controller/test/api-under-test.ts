/** The API on a real store, with the engine's part played by what the store itself can do. */
import { type Client, createClient, type Role, roles } from '@tagship/api'
import { parseAppName, parseCommitSha, parseTagName, parseTagPolicy, TagshipError } from '@tagship/domain'
import {
  type CommandPorts,
  changeConfig,
  explainTag,
  listVerdicts,
  movedTags,
  removeSigner,
  removeWebhook,
  setWebhook,
  tryPolicy,
} from '@tagship/engine'
import { createLogger } from '@tagship/kit'
import { newSecretKey, openStore, parseSecretKey, type Store } from '@tagship/store'
import { testDatabase } from '@tagship/tests/postgres'
import type { FastifyInstance } from 'fastify'
import type { Commands } from '../src/http/commands.ts'
import { buildServer } from '../src/http/server.ts'
import type { OidcProvider } from '../src/sign-in/better-auth.ts'
import type { Origins } from '../src/sign-in/origins.ts'
import { playInsight } from './played-insight.ts'

export const commit = parseCommitSha('a'.repeat(40))

export interface ApiUnderTest extends AsyncDisposable {
  readonly store: Store
  readonly server: FastifyInstance
  readonly url: string
  readonly tokens: Readonly<Record<Role, string>>
  client(role?: Role): Client
}

/** @param replace gives the commands that are played otherwise. @param world what else there is outside */
export async function startApi(
  replace: (real: Commands) => Partial<Commands> = () => ({}),
  world: Parameters<typeof playInsight>[2] = {},
  { oidc = null }: { readonly oidc?: OidcProvider | null } = {},
): Promise<ApiUnderTest> {
  const database = await testDatabase()
  const secretKey = parseSecretKey(newSecretKey(), 'the test')
  const log = createLogger('test', 'silent')
  const store = await openStore({ url: database.url, log, secretKey })
  await store.listening()
  const commands = commandsOf(store)
  const insight = playInsight(store, log, world)
  const secrets = await Promise.all(roles.map(async (role) => [role, await store.createToken(role, role)]))
  const tokens: Record<Role, string> = Object.fromEntries(secrets)
  const server = await buildServer({
    store,
    commands: { ...commands, ...replace(commands) },
    insight,
    log,
    version: '0.0.0',
    readiness: async () => ({ ok: true, checks: [] }),
    pushEndpoint: async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).toString('hex')}`)
    },
    publicUrl: 'http://tagship.test',
    signIn: { secret: 'a secret of the tests, of enough length', oidc, origins: testOrigins },
    appUrl: (_, host) => `http://${host}:8080`,
  })
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  return {
    store,
    server,
    url,
    tokens,
    client: (role = 'admin') => createClient({ url, token: tokens[role] }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await insight[Symbol.asyncDispose]()
      await store.close()
      await database.drop()
    },
  }
}

/** People sign in at the public address, and at what `inject` and a fetch use. */
const testOrigins: Origins = {
  of: ({ headers: { host = '' } }) =>
    /^(localhost|127\.0\.0\.1|tagship\.test)(:\d+)?$/.test(host) ? `http://${host}` : null,
}

function commandsOf(store: Store): Commands {
  const notHere = () => {
    throw new TagshipError('engine.unavailable', 'there is no engine in this test')
  }
  const ports = { store, fault: () => {} } as unknown as CommandPorts
  return {
    setCredential: (app, credential, actor) => store.setCredential(app.id, credential, {}, actor),
    removeCredential: async (app) => void (await store.removeCredential(app.id)),
    setKnownHosts: (app, lines) => store.setKnownHosts(app.id, lines),
    async addSigner(app, { key, name }, actor) {
      const signer = { kind: 'ssh' as const, fingerprint: 'SHA256:x', name: name ?? 'x', key }
      await store.addSigner(app.id, signer, actor)
      return signer
    },
    removeSigner: (app, fingerprint) => removeSigner(ports, app, fingerprint),
    setWebhook: (app, provider, actor) => setWebhook(ports, app, provider, actor),
    removeWebhook: (app, provider) => removeWebhook(ports, app, provider),
    addApp: ({ name, repo, hosts = [], policy = {}, root = '', buildArgs = {} }) =>
      store.createApp({
        name: parseAppName(name),
        repoUrl: repo ? (repo as never) : null,
        hosts: hosts as never,
        policy: parseTagPolicy(policy),
        fromNext: false,
        root,
        buildArgs,
        runtime: 'docker',
        cluster: null,
        namespace: null,
      }),
    changeApp: (app, { hosts, policy, buildArgs }) =>
      store.updateApp(app.id, {
        ...(hosts ? { hosts: hosts as never } : {}),
        ...(policy ? { policy: parseTagPolicy(policy, app.policy) } : {}),
        ...(buildArgs ? { buildArgs } : {}),
      }),
    removeApp: (app) => store.removeApp(app.id),
    async deploy(app, { tag }, { actor, reason, id }) {
      const what = { kind: 'commit' as const, commit, tag: tag === undefined ? null : parseTagName(tag) }
      const deployment = await store.createDeployment({ id, app, trigger: 'manual', actor, reason, what })
      if (!deployment) throw new Error('nothing was deployed')
      return { deployment, warnings: [] }
    },
    changeConfig: (app, kind, values, asked) => changeConfig(ports, app, kind, values, asked),
    rollback: notHere,
    promote: (id, actor) => store.requestDeployment(id, { kind: 'promote', actor, reason: null }),
    cancel: (id, actor) => store.requestDeployment(id, { kind: 'cancel', actor, reason: null }),
    hold: (app, { actor, reason }) => store.setHold(app.id, { by: actor, reason }),
    resume: (app) => store.setHold(app.id, null),
    listVerdicts: (app, page) => listVerdicts(ports, app, page),
    explainTag: (app, tag) => explainTag(ports, app, tag),
    movedTags: (app) => movedTags(ports, app),
    tryPolicy: (app, policy) => tryPolicy(ports, app, policy),
    async *instanceLogs() {},
  }
}
