/** An installation with a past: what the pages of the dashboard have to show. */
import type { DeploymentJson } from '@tagship/api'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp, sampleApp } from '../support/sample-app.ts'

export interface World extends AsyncDisposable {
  readonly at: Installation
  readonly shop: SampleApp
  /** Gives the app a version by pushing its tag. @returns the deployment, once it serves or never will */
  ship(version: string, files?: Readonly<Record<string, string>>): Promise<DeploymentJson>
}

/** Patient where a busy machine is slow, and kept warm for long enough to look at. */
const manifest = `processes:
  web:
    port: 8080
    replicas: 2
    drain: 15s
    stop: 5s
    health: { path: /healthz, interval: 100ms, deadline: 90s }
    resources: { memory: 256m, cpu: 1 }
rollout: { deadline: 5m, bake: 2s, keepWarm: 2m }
`

/** Versions 1.0.0 to 1.2.0 of `shop`, the last of them live; 1.3.0 has failed. `blog` has nothing yet. */
export async function startWorld(): Promise<World> {
  const at = await startInstallation()
  const shop = await sampleApp(manifest)
  const ship: World['ship'] = async (version, files) => {
    await shop.version(version, { 'README.md': `Version ${version}.\n`, ...files })
    const pushed = await at.push('shop', shop, 'main', `v${version}`)
    if (pushed.exitCode !== 0) throw new Error(pushed.stderr)
    const [newest] = (await at.client.listDeployments({ params: { app: 'shop' } })).items
    if (newest?.tag !== `v${version}`) throw new Error(`v${version} was not deployed:\n${pushed.stderr}`)
    return newest
  }
  const world = {
    at,
    shop,
    ship,
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]()
      await at[Symbol.asyncDispose]()
    },
  }
  try {
    await at.json(['app', 'add', 'shop', '--host', 'shop.localhost', '--build-arg', await localBase()])
    await at.json(['app', 'add', 'blog', '--host', 'blog.localhost', '--build-arg', await localBase()])
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await ship(version)
    const good = await shop.git('show', 'HEAD:server.js')
    await ship('1.3.0', { 'server.js': "console.error('no PAYMENT_URL'); process.exit(3)\n" })
    await shop.commit({ 'server.js': `${good}\n` })
    return world
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}
