/** The rights of deploy/kubernetes are enough, and all that there is; clusters and namespaces are chosen by name. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SampleApp, sampleApp } from '../support/sample-app.ts'
import { startWorld, tokenOf, type World } from './world.ts'

const rights = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url))
const given = `tagship-given-${process.pid}`

describe('a controller with the rights of deploy/kubernetes', () => {
  let admin: World
  let folder: string
  let world: World
  let shop: SampleApp

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagship-rights-'))
    admin = await startWorld()
    const { kubectl } = admin
    await kubectl(
      'apply',
      '--filename',
      join(rights, 'app-rights.yaml'),
      '--filename',
      join(rights, 'namespace-rights.yaml'),
    )
    await kubectl('create', 'namespace', given)
    for (const account of ['narrow', 'wide'])
      await kubectl('create', 'serviceaccount', account, '--namespace', given)
    await kubectl(
      'create',
      'rolebinding',
      'tagship',
      '--namespace',
      given,
      '--clusterrole=tagship-app',
      `--serviceaccount=${given}:narrow`,
    )
    for (const role of ['tagship-app', 'tagship-namespaces']) {
      await kubectl(
        'create',
        'clusterrolebinding',
        `${given}-${role}`,
        `--clusterrole=${role}`,
        `--serviceaccount=${given}:wide`,
      )
    }
    const kubeconfig = join(folder, 'config.yaml')
    await writeFile(
      kubeconfig,
      await contexts(admin, {
        narrow: await tokenOf(admin, given, 'narrow'),
        wide: await tokenOf(admin, given, 'wide'),
      }),
    )
    world = await startWorld({ env: { KUBECONFIG: kubeconfig }, ownNamespaces: true })
    shop = await sampleApp()
    await shop.version('1.0.0')
    await shop.version('1.1.0', {
      'tagship.yaml': `release: { command: [node, -e, "console.log('once')"] }\n${await shop.git('show', 'HEAD:tagship.yaml')}`,
    })
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
    for (const role of ['tagship-app', 'tagship-namespaces']) {
      await admin.kubectl('delete', 'clusterrolebinding', `${given}-${role}`)
      await admin.kubectl('delete', 'clusterrole', role)
    }
    await admin.kubectl('delete', 'namespace', given)
    await admin[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it.each([
    ['in a namespace that it was given', 'narrow', given],
    ['in a namespace that it makes', 'wide', null],
  ] as const)('deploys, rolls back, tells and removes an app %s', async (_, context, namespace) => {
    const flags = namespace ? ['--namespace', namespace] : []
    await world.addApp('shop', 'kubernetes', '--cluster', context, ...flags)
    for (const version of ['1.0.0', '1.1.0']) {
      const pushed = await world.at.push('shop', shop, `v${version}`)
      expect(pushed.stderr, version).toContain('serves at')
      expect((await world.fetch('shop')).version).toBe(version)
    }
    await world.at.json(['rollback', 'shop'])
    expect((await world.fetch('shop')).version).toBe('1.0.0')
    expect((await world.at.tagship('logs', 'shop')).stdout).toContain('listens on port 8080')
    await expect.poll(async () => (await world.app('shop')).active, { timeout: 60_000 }).toBeNull()
    expect((await world.at.tagship('app', 'remove', 'shop', '--yes')).exitCode).toBe(0)
    const log = await readFile(join(world.at.data, 'controller.log'), 'utf8')
    // A namespace of the same name that is still going is no matter of rights.
    expect(log).not.toContain('is forbidden: User')
    const left = namespace ?? 'tagship-shop'
    const objects = async () => [
      ...(await admin.objects('deployments', '--namespace', left)),
      ...(await admin.objects('services', '--namespace', left)),
      ...(await admin.objects('ingresses', '--namespace', left)),
    ]
    await expect.poll(async () => (await objects()).filter(isPresent), { timeout: 60_000 }).toEqual([])
  })

  it('says which right it lacks, and makes no app', async () => {
    for (const flags of [[], ['--namespace', 'default']]) {
      const adding = ['app', 'add', 'lonely', '--runtime', 'kubernetes', '--cluster', 'narrow', ...flags]
      const { exitCode, stderr } = await world.at.tagship(...adding)
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/may not create deployments in [\s\S]*cluster\.refused/)
    }
    expect((await world.at.tagship('app', 'show', 'lonely')).exitCode).toBe(4)
  })

  it('says which clusters there are, where one is named that is not, and makes no app', async () => {
    const { exitCode, stderr } = await world.at.tagship(
      'app',
      'add',
      'lost',
      '--runtime',
      'kubernetes',
      '--cluster',
      'moon',
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/no context "moon"; it has narrow, wide[\s\S]*cluster\.unknown/)
    expect((await world.at.tagship('app', 'show', 'lost')).exitCode).toBe(4)
  })
})

function isPresent({
  metadata,
}: {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
}) {
  return metadata.deletionTimestamp === undefined
}

/** A kubeconfig with one context for each token, all of them to the test cluster. */
async function contexts({ kubectl }: World, tokens: Readonly<Record<string, string>>): Promise<string> {
  const view = JSON.parse(await kubectl('config', 'view', '--raw', '--flatten', '--minify', '-o', 'json'))
  const names = Object.keys(tokens)
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: view.clusters[0].cluster }],
    users: names.map((name) => ({ name, user: { token: tokens[name] } })),
    contexts: names.map((name) => ({ name, context: { cluster: 'test', user: name } })),
    'current-context': names[0],
  })
}
