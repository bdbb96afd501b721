import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppJson, AuditVerdictJson, BackupReport, DeploymentJson, ReleaseJson } from '@tagship/api'
import { createDocker, runCommand } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Installation, launcher, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

const docker = createDocker()
// Two installations, each with a release that boots and bakes.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 })

let old: Installation
let shop: SampleApp
let folder: string
/** Made while nothing was under way. */
let quiet: string
let keyFile: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-backup-'))
  old = await startInstallation()
  shop = await sampleApp()
  keyFile = join(folder, 'kept.key')
  await old.json(['app', 'add', 'shop', '--build-arg', await localBase()])
  for (const version of ['1.0.0', '1.1.0']) {
    await shop.version(version)
    await old.push('shop', shop, 'main', `v${version}`)
    await old.json(['deploy', 'shop', `v${version}`, '--wait=live'])
  }
  await old.json(['env', 'set', 'shop', 'COLOR=green', '--wait=live'])
  await setSecret('TOKEN', 's3cret-value')
  await old.json(['app', 'add', 'far', '--repo', shop.url, '--build-arg', await localBase()])
  await old.json(['deploy', 'far', 'v1.0.0', '--wait=live'])
  await old.json(['app', 'add', 'empty'])
  await old.json(['app', 'add', 'gone'])
  await old.push('gone', shop, 'main')
  await old.json(['app', 'remove', 'gone', '--yes'])
  await writeFile(keyFile, await readFile(join(old.data, 'secret.key')))
  quiet = join(folder, 'quiet.backup')
  await old.json(['backup', quiet, '--data', old.data])
})
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]()
  await old?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function setSecret(name: string, value: string): Promise<void> {
  const { exitCode, stderr } = await runCommand(launcher, ['secret', 'set', 'shop', name, '--wait=live'], {
    env: old.env,
    input: value,
    timeout: 120_000,
  })
  if (exitCode !== 0) throw new Error(`the secret was not set: ${stderr}`)
}

describe('an installation that was backed up while it worked', () => {
  it('serves again elsewhere, from the images that are there, with its history proven', async () => {
    const busy = join(folder, 'busy.backup')
    await shop.version('1.2.0')
    const push = old.push('shop', shop, 'main', 'v1.2.0')
    await expect
      .poll(async () => (await old.json<AppJson>(['app', 'show', 'shop'])).active?.state, {
        timeout: 60_000,
        interval: 20,
      })
      .toBeDefined()
    const pushes = pushUntil(push)
    const report = await old.json<BackupReport>(['backup', busy, '--data', old.data])
    expect(report).toMatchObject({ missing: [], apps: 4 })
    await pushes

    await using fresh = await startInstallation({
      restored: { args: [busy, '--key-file', keyFile], token: old.token },
    })
    expect(fresh.id).not.toBe(old.id)
    await expectServing(fresh, 'shop')
    await expectServing(fresh, 'far')
    const proven = await fresh.json<AuditVerdictJson>(['audit', 'verify'])
    expect(proven).toMatchObject({ intact: true })
    expect(await fresh.json(['env', 'list', 'shop'])).toEqual(await old.json(['env', 'list', 'shop']))
    const [healed] = await fresh.json<DeploymentJson[]>(['deployments', 'shop', '-n', '1'])
    expect(healed?.imageDigest).toMatch(/^sha256:/)
    // The secret opens with the key: what runs has it.
    const containers = await docker.listContainers({
      filters: { label: [`dev.tagship=${fresh.id}`, 'dev.tagship.app=shop'] },
    })
    const env = (await docker.getContainer(containers[0]?.Id ?? '').inspect()).Config.Env
    expect(env).toContain('TOKEN=s3cret-value')
    expect(env).toContain('COLOR=green')
    // What comes next works as ever: the repository is here as well.
    await shop.version('2.0.0')
    await fresh.push('shop', shop, 'main', 'v2.0.0')
    await expect
      .poll(async () => (await fresh.fetch('shop.localhost')).version, { timeout: 60_000 })
      .toBe('2.0.0')
  })

  it('builds again what has no image, as a new release, and says what cannot come back', async () => {
    // On another machine there is no image of it.
    const images = await docker.listImages({ filters: { label: [`dev.tagship=${old.id}`] } })
    expect((await old.tagship('down', '--apps', '--data', old.data)).exitCode).toBe(0)
    for (const { Id } of images) await docker.getImage(Id).remove({ force: true })
    const away = `${shop.folder}.away`
    await runCommand('mv', [shop.folder, away])
    try {
      await using fresh = await startInstallation({
        restored: { args: [quiet, '--key-file', keyFile], token: old.token },
      })
      await expectServing(fresh, 'shop', '1.1.0')
      const releases = await fresh.json<ReleaseJson[]>(['releases', 'shop'])
      const [again, before] = releases
      expect(again).toMatchObject({ tag: 'v1.1.0', live: true, revision: before?.revision })
      expect(again?.commit).toBe(before?.commit)
      expect(again?.number).toBe((before?.number ?? 0) + 1)
      const [healed] = await fresh.json<DeploymentJson[]>(['deployments', 'shop', '-n', '1'])
      expect(healed).toMatchObject({
        trigger: 'heal',
        reason: expect.stringContaining('its commit is built again'),
      })
      expect(healed?.reason).toContain(before?.imageDigest)
      expect((await fresh.json<AuditVerdictJson>(['audit', 'verify'])).intact).toBe(true)

      await expect
        .poll(async () => (await fresh.json<AppJson>(['status', 'far'])).trouble?.code, { timeout: 90_000 })
        .toMatch(/^git\./)
      expect((await fresh.tagship('status')).stdout).toMatch(/far .*git/)
    } finally {
      await runCommand('mv', [away, shop.folder])
    }
  })
})

/** Pushes branches, one after the other, for as long as the first push lasts. */
async function pushUntil(first: Promise<unknown>): Promise<void> {
  let over = false
  const watched = first.finally(() => {
    over = true
  })
  for (let n = 0; !over && n < 5; n += 1) {
    await shop.git('branch', '--force', `work-${n}`)
    await old.push('empty', shop, `work-${n}`)
  }
  await watched
}

async function expectServing(at: Installation, app: string, version?: string): Promise<void> {
  await expect
    .poll(async () => (await at.fetch(`${app}.localhost`)).version, { timeout: 90_000, interval: 200 })
    .toEqual(version ?? expect.any(String))
  await expect
    .poll(async () => (await at.json<AppJson>(['app', 'show', app])).active, { timeout: 60_000 })
    .toBeNull()
}
