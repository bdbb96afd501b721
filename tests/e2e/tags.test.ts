import type {
  AppJson,
  AuditEntryJson,
  DeploymentJson,
  ExplainedTagJson,
  PolicyTrialJson,
  TagJson,
} from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

/** What is deployed matters here, not how fast. */
const patient = quickManifest.replace('replicas: 2', 'replicas: 1').replace('deadline: 10s', 'deadline: 120s')
const timeout = 120_000

/** The life of an app's tags, told in order: each test goes on where the one before has ended. */
describe('the tags of an app', { timeout: 400_000 }, () => {
  let at: Installation
  let shop: SampleApp
  const host = 'web.localhost'
  const verdicts = async () => {
    const items = await at.json<TagJson[]>(['tags', 'web'])
    return Object.fromEntries(items.map(({ name, verdict }) => [name, verdict]))
  }
  const show = () => at.json<AppJson>(['app', 'show', 'web'])
  const version = async () => (await at.fetch(host)).version
  /** Makes the controller look at the repository now: a change of the policy that changes nothing. */
  const look = () => at.tagship('app', 'set', 'web', '--prefix', 'web-')
  const tagHead = (name: string, ...more: string[]) => shop.git('tag', ...more, name)
  const release = async (name: string, number: string, files?: Record<string, string>) => {
    await shop.version(number, files)
    await shop.git('tag', '-a', '-m', name, name)
    await shop.git('tag', '-d', `v${number}`)
  }

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp(patient)
    await release('web-v1.0.0', '1.0.0')
    await tagHead('api-v7.0.0')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('are left alone where the app begins with the next one', async () => {
    const policy = ['--prefix', 'web-', '--tags', '<2', '--require-annotated', '--exclude', 'draft']
    const base = ['--host', host, '--build-arg', await localBase()]
    const app = await at.json<AppJson>([
      'app',
      'add',
      'web',
      '--repo',
      shop.url,
      '--from-next',
      ...policy,
      ...base,
    ])
    expect(app).toMatchObject({ fromNext: true, policy: { prefix: 'web-', range: '<2', exclude: 'draft' } })
    await expect.poll(verdicts, { timeout }).toEqual({
      'web-v1.0.0': 'older than first seen',
      'api-v7.0.0': 'other prefix',
    })
    expect((await show()).live).toBeNull()
  })

  it('are deployed from then on, each by the rules of the policy', async () => {
    await release('web-v1.1.0', '1.1.0')
    await tagHead('web-v1.2.0')
    await tagHead('web-v2.0.0', '-a', '-m', 'two')
    await tagHead('web-v1.3.0-draft', '-a', '-m', 'draft')
    await look()
    await expect.poll(version, { timeout }).toBe('1.1.0')
    expect(await verdicts()).toEqual({
      'web-v2.0.0': 'not in range',
      'web-v1.3.0-draft': 'excluded',
      'web-v1.2.0': 'not annotated',
      'web-v1.1.0': 'live',
      'web-v1.0.0': 'older than live',
      'api-v7.0.0': 'other prefix',
    })
    const text = (await at.tagship('tags', 'web')).stdout
    expect(text).toContain('excluded by /draft/')
    expect(text).toContain('it is not in <2')
  })

  it('are explained rule by rule', async () => {
    const explained = await at.json<ExplainedTagJson>(['tags', 'web', '--explain', 'web-v2.0.0'])
    expect(explained.tag).toMatchObject({ verdict: 'not in range', annotated: true })
    expect(explained.rules.filter(({ outcome }) => outcome === 'refused')).toMatchObject([{ rule: 'range' }])
    expect(explained.observations[0]).toMatchObject({ kind: 'seen' })
    const { stdout } = await at.tagship('tags', 'web', '--explain', 'web-v1.1.0')
    expect(stdout).toMatch(/it begins with web-/)
    expect(stdout).toContain('Ada Example <ada@example.com>')
    expect(await at.tagship('tags', 'web', '--explain', 'nothing')).toMatchObject({ exitCode: 4 })
  })

  it('show what another policy would make of them, and nothing changes', async () => {
    const trial = await at.json<PolicyTrialJson>(['tags', 'web', '--dry-run', '--tags', '^2'])
    expect(trial).toMatchObject({ seen: 6, fit: 1, next: { tag: 'web-v2.0.0' } })
    expect(trial.changes).toContainEqual(
      expect.objectContaining({ tag: 'web-v2.0.0', after: expect.objectContaining({ verdict: 'chosen' }) }),
    )
    expect(
      (await at.tagship('tags', 'web', '--dry-run', '--order', 'alphabetical', '--tags', '*')).stdout,
    ).toContain('THEN')
    expect(await at.tagship('tags', 'web', '--dry-run', '--include', '(x')).toMatchObject({ exitCode: 2 })
    expect(await at.tagship('tags', 'web', '--tags', '^2')).toMatchObject({ exitCode: 2 })
    expect((await show()).policy.range).toBe('<2')
    expect(await version()).toBe('1.1.0')
  })

  it('are deployed by hand all the same, with a warning, and the audit tells both', async () => {
    const deployed = await at.tagship('deploy', 'web', 'web-v1.2.0')
    expect(deployed).toMatchObject({ exitCode: 0 })
    expect(deployed.stderr).toContain('the policy would not deploy web-v1.2.0 by itself: not annotated')
    const commit = await shop.git('rev-parse', 'web-v1.0.0^{commit}')
    const byCommit = await at.json<DeploymentJson & { warnings: string[] }>([
      'deploy',
      'web',
      '--commit',
      commit,
    ])
    expect(byCommit.warnings).toEqual([expect.stringContaining('a commit is never deployed by itself')])
    expect(await version()).toBe('1.0.0')
    expect(await at.tagship('deploy', 'web', '--commit', 'f'.repeat(40))).toMatchObject({ exitCode: 4 })
    const audit = await at.json<AuditEntryJson[]>(['audit', 'web'])
    const warned = audit.filter(({ action, detail }) => action === 'deploy' && detail.warnings)
    expect(warned).toHaveLength(2)
  })

  it('that are older than one that was deployed are not deployed by themselves', async () => {
    await release('web-v1.0.5', '1.0.5')
    await look()
    await expect.poll(verdicts, { timeout }).toMatchObject({ 'web-v1.0.5': 'older than deployed' })
    expect(await version()).toBe('1.0.0')
  })

  it('that moved raise an alert, and are deployed neither by the policy nor by hand', async () => {
    await release('web-v1.4.0', '1.4.0')
    await look()
    await expect.poll(version, { timeout }).toBe('1.4.0')
    await shop.commit({ 'README.md': 'Moved.\n' })
    await tagHead('web-v1.4.0', '--force', '-a', '-m', 'again')
    await look()
    await expect
      .poll(async () => (await show()).alerts, { timeout })
      .toMatchObject([{ tag: 'web-v1.4.0', verdict: 'moved' }])
    expect((await at.tagship('status', 'web')).stdout).toContain('web-v1.4.0 was moved and is blocked')
    expect((await at.tagship('status')).stdout).toContain('web-v1.4.0 was moved')
    const byHand = await at.tagship('deploy', 'web', 'web-v1.4.0')
    expect(byHand).toMatchObject({ exitCode: 2 })
    expect(byHand.stderr).toContain('tag.moved')
    expect(await version()).toBe('1.4.0')
  })

  it('that are deleted never deploy, and are as they were when they come back', async () => {
    await at.tagship('hold', 'web')
    await release('web-v1.5.0', '1.5.0')
    await look()
    await expect.poll(verdicts, { timeout }).toMatchObject({ 'web-v1.5.0': 'on hold' })
    const object = await shop.git('rev-parse', 'web-v1.5.0')
    await shop.git('tag', '-d', 'web-v1.5.0')
    await look()
    await expect.poll(verdicts, { timeout }).toMatchObject({ 'web-v1.5.0': 'deleted' })
    expect(await at.tagship('deploy', 'web', 'web-v1.5.0')).toMatchObject({ exitCode: 4 })
    await at.tagship('resume', 'web')
    await shop.git('update-ref', 'refs/tags/web-v1.5.0', object)
    await look()
    await expect.poll(version, { timeout }).toBe('1.5.0')
    const { observations } = await at.json<ExplainedTagJson>(['tags', 'web', '--explain', 'web-v1.5.0'])
    const kinds = observations.map(({ kind }) => kind).filter((kind) => kind !== 'read')
    expect(kinds).toEqual(['seen', 'deleted', 'recreated'])
  })

  it('that changed nothing in its folder are passed over', async () => {
    await at.json(['app', 'set', 'web', '--paths', 'server.js', '--paths', 'lib/**'])
    await release('web-v1.6.0', '1.6.0')
    await look()
    await expect.poll(verdicts, { timeout }).toMatchObject({ 'web-v1.6.0': 'nothing changed' })
    expect(await version()).toBe('1.5.0')
    await release('web-v1.7.0', '1.7.0', { 'lib/a.js': '// new\n' })
    await look()
    await expect.poll(version, { timeout }).toBe('1.7.0')
  })

  it('wait while the app is on hold after a rollback; then the next newer one follows', async () => {
    await at.json(['app', 'set', 'web', '--any-path'])
    await at.json(['rollback', 'web'])
    expect(await version()).toBe('1.5.0')
    await at.tagship('resume', 'web')
    await look()
    await expect
      .poll(verdicts, { timeout })
      .toMatchObject({ 'web-v1.7.0': expect.stringMatching(/deployed before|rolled back/) })
    expect(await version()).toBe('1.5.0')
    await release('web-v1.8.0', '1.8.0')
    await look()
    await expect.poll(version, { timeout }).toBe('1.8.0')
  })

  it('of another app in the same repository are its own, and so is its folder', async () => {
    const server =
      "require('node:http').createServer((q, a) => a.setHeader('x-version', 'api 1').end('ok')).listen(8080)\n"
    const dockerfile = 'ARG BASE\nFROM $BASE\nWORKDIR /app\nCOPY . .\nUSER 1000\nCMD ["node", "server.cjs"]\n'
    await shop.commit({
      'services/api/server.cjs': server,
      'services/api/Dockerfile': dockerfile,
      'services/api/tagship.yaml':
        'processes: { web: { port: 8080, replicas: 1, health: { deadline: 120s } } }\nrollout: { bake: 1s }\n',
    })
    await tagHead('api-v8.0.0')
    const where = [
      '--repo',
      shop.url,
      '--root',
      'services/api/',
      '--prefix',
      'api-',
      '--host',
      'api.localhost',
    ]
    const app = await at.json<AppJson>(['app', 'add', 'api', ...where, '--build-arg', await localBase()])
    expect(app).toMatchObject({ root: 'services/api', tags: '*, prefix api-' })
    await expect.poll(async () => (await at.fetch('api.localhost')).version, { timeout }).toBe('api 1')
    expect(await version()).toBe('1.8.0')
    expect(await at.tagship('app', 'set', 'api', '--root', '../web')).toMatchObject({ exitCode: 2 })
  })
})
