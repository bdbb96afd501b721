import type { AppJson, DeploymentJson } from '@tagship/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

/** The life of one app, told in order: each test goes on where the one before has ended. */
describe('an app whose repository Tagship hosts', () => {
  let at: Installation
  let shop: SampleApp
  const host = 'shop.localhost'

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp()
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it('is added, and says where to push to', async () => {
    const app = await at.json<AppJson>([
      'app',
      'add',
      'shop',
      '--host',
      host,
      '--build-arg',
      await localBase(),
    ])
    expect(app).toMatchObject({ name: 'shop', repo: null, hosts: [host], live: null })
    expect(app.pushUrl).toContain('/git/shop.git')
    expect((await at.fetch(host)).status).toBe(503)
    expect((await at.fetch('nobody.localhost')).status).toBe(404)
  })

  it('refuses its name and its host a second time', async () => {
    const twice = await at.tagship('app', 'add', 'shop')
    expect(twice).toMatchObject({ exitCode: 2 })
    expect(twice.stderr).toContain('app.exists')
    const claimed = await at.tagship('app', 'add', 'other', '--host', host)
    expect(claimed).toMatchObject({ exitCode: 2 })
    expect(claimed.stderr).toContain('host.taken')
    expect(claimed.stderr).toContain('shop')
  })

  it('is deployed by the push of a tag, and the pusher watches', async () => {
    const commit = await shop.version('1.0.0')
    const pushed = await at.push('shop', shop, 'main', 'v1.0.0')
    expect(pushed.exitCode).toBe(0)
    for (const word of ['building', 'starting', 'verifying', 'switching', 'v1 serves']) {
      expect(pushed.stderr).toContain(word)
    }
    expect(await at.fetch(host)).toMatchObject({ status: 200, version: '1.0.0' })
    const { live } = await at.json<AppJson>(['app', 'show', 'shop'])
    expect(live).toMatchObject({ release: 'v1', tag: 'v1.0.0', commit })
  })

  it('says nothing more than it must when a branch is pushed', async () => {
    await shop.commit({ 'README.md': 'Changed.\n' })
    const pushed = await at.push('shop', shop, 'main')
    expect(pushed.exitCode).toBe(0)
    expect(await at.json<DeploymentJson[]>(['deployments', 'shop'])).toHaveLength(1)
  })

  it('keeps what serves when a release ends at its start, and shows its last words', async () => {
    const good = await shop.git('show', 'HEAD:server.js')
    await shop.version('1.1.0', { 'server.js': "console.error('no PAYMENT_URL'); process.exit(3)\n" })
    const pushed = await at.push('shop', shop, 'main', 'v1.1.0')
    expect(pushed.stderr).toContain('instance.exited')
    expect(pushed.stderr).toContain('exited with code 3')
    expect(pushed.stderr).toContain('no PAYMENT_URL')
    expect(await at.fetch(host)).toMatchObject({ status: 200, version: '1.0.0' })
    await shop.commit({ 'server.js': `${good}\n` })

    const again = await at.tagship('deploy', 'shop', 'v1.1.0')
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toContain('v1 (v1.0.0')
    expect(again.stderr).toContain('still serves')
  })

  it('does not try a failed tag again by itself, and says why', async () => {
    const tags = await at.json<{ name: string; verdict: string }[]>(['tags', 'shop'])
    expect(Object.fromEntries(tags.map(({ name, verdict }) => [name, verdict]))).toEqual({
      'v1.1.0': 'failed before',
      'v1.0.0': 'live',
    })
  })

  it('refuses a tag that was moved, and a tag on a blob, with the reason', async () => {
    await shop.git('tag', '--force', 'v1.0.0', 'HEAD')
    const moved = await at.push('shop', shop, '--force', 'v1.0.0')
    expect(moved.exitCode).not.toBe(0)
    expect(moved.stderr).toContain('a tag is never moved')
    await shop.git('tag', '--force', 'v1.0.0', 'HEAD~3')

    await shop.git('tag', 'v9.0.0', 'HEAD:VERSION')
    const blob = await at.push('shop', shop, 'v9.0.0')
    expect(blob.exitCode).not.toBe(0)
    expect(blob.stderr).toMatch(/not a commit|does not point at a commit/)
  })

  it('brings the release before back, without a build, and is then on hold', async () => {
    await shop.version('1.2.0')
    await at.push('shop', shop, 'main', 'v1.2.0')
    expect((await at.fetch(host)).version).toBe('1.2.0')
    await at.json(['deploy', 'shop', 'v1.2.0', '--wait=live'])

    const outcome = await at.json<DeploymentJson>(['rollback', 'shop', '--reason', 'too blue'])
    expect((await at.fetch(host)).version).toBe('1.0.0')
    expect(outcome).toMatchObject({ tag: 'v1.0.0', trigger: 'rollback', reason: 'too blue' })
    const { hold } = await at.json<AppJson>(['app', 'show', 'shop'])
    expect(hold).toMatchObject({ by: 'admin', reason: 'too blue' })

    await shop.version('1.3.0')
    const pushed = await at.push('shop', shop, 'main', 'v1.3.0')
    expect(pushed.stderr).toContain('on hold')
    expect((await at.fetch(host)).version).toBe('1.0.0')
    expect(await at.tagship('deploy', 'shop')).toMatchObject({ exitCode: 6 })
  })

  it('goes on with the next newer tag when the hold is lifted', async () => {
    expect((await at.tagship('resume', 'shop')).exitCode).toBe(0)
    await expect.poll(async () => (await at.fetch(host)).version, { timeout: 30_000 }).toBe('1.3.0')
  })

  it('goes back to a release that is named, and knows those that it cannot go back to', async () => {
    expect((await at.tagship('rollback', 'shop', 'v1.2.0', '--dry-run')).exitCode).toBe(0)
    expect((await at.fetch(host)).version).toBe('1.3.0')
    await at.json(['rollback', 'shop', 'v1.2.0'])
    expect((await at.fetch(host)).version).toBe('1.2.0')
    expect(await at.tagship('rollback', 'shop', 'v99')).toMatchObject({ exitCode: 4 })
    expect(await at.tagship('rollback', 'shop', 'v1.1.0')).toMatchObject({ exitCode: 4 })
  })

  it('keeps serving while the control plane is down, and is found again', async () => {
    expect((await at.tagship('down', '--data', at.data)).exitCode).toBe(0)
    expect((await at.fetch(host)).version).toBe('1.2.0')
    expect(await at.tagship('status', 'shop')).toMatchObject({ exitCode: 7 })
    expect((await at.up()).exitCode).toBe(0)
    const { live } = await at.json<AppJson>(['app', 'show', 'shop'])
    expect(live?.tag).toBe('v1.2.0')
  })

  it('comes back by itself after everything was stopped', async () => {
    expect((await at.tagship('down', '--apps', '--data', at.data)).exitCode).toBe(0)
    await expect(at.fetch(host)).rejects.toThrow('ECONNREFUSED')
    expect((await at.up()).exitCode).toBe(0)
    await expect
      .poll(async () => (await at.fetch(host).catch(() => null))?.version, { timeout: 30_000 })
      .toBe('1.2.0')
    const [healed] = await at.json<DeploymentJson[]>(['deployments', 'shop'])
    expect(healed).toMatchObject({ trigger: 'heal', tag: 'v1.2.0' })
    await expect
      .poll(async () => (await at.json<AppJson>(['app', 'show', 'shop'])).active, { timeout: 30_000 })
      .toBeNull()
  })

  it('has a history that nobody has touched', async () => {
    expect((await at.tagship('audit', 'verify')).exitCode).toBe(0)
    const audit = await at.tagship('audit', 'shop')
    expect(audit.stdout).toMatch(/rollback|rollBack/i)
  })

  it('is shown by every list and table', async () => {
    const tables = ['status', 'status shop', 'deployments shop', 'releases shop', 'tags shop', 'app list']
    for (const table of tables) {
      const { exitCode, stdout } = await at.tagship(...table.split(' '))
      expect(exitCode, table).toBe(0)
      expect(stdout, table).toContain('v1.2.0')
    }
  })

  it('shows the log of the build and of the instances', async () => {
    expect((await at.tagship('logs', 'shop')).stdout).toContain('version 1.2.0 listens on port 8080')
    const deployments = await at.json<DeploymentJson[]>(['deployments', 'shop'])
    const first = deployments.find(({ number }) => number === 1)
    expect((await at.tagship('logs', 'shop', '--build', '--deployment', first?.id ?? '')).stdout).toContain(
      'COPY . .',
    )
  })

  it('is removed, and leaves its history', async () => {
    expect((await at.tagship('app', 'remove', 'shop', '--yes')).exitCode).toBe(0)
    expect((await at.fetch(host)).status).toBe(404)
    expect(await at.tagship('status', 'shop')).toMatchObject({ exitCode: 4 })
  })
})
