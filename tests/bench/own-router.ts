/** The router alone, as the product starts it, with one app on it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAppName, parseHostName } from '@tagship/domain'
import { createDocker, createLogger } from '@tagship/kit'
import { createHaproxyRouter } from '@tagship/router'
import { freePort } from '@tagship/tests/installation'

export interface OwnRouter extends AsyncDisposable {
  readonly url: string
}

/** As `./tagship prepare` leaves it. */
export async function routerImage(): Promise<string> {
  const version = await readFile(new URL('../../deploy/images/router/VERSION', import.meta.url), 'utf8')
  return `tagship/router:${version.trim()}`
}

export async function startOwnRouter(installation: string, host: string, upstream: URL): Promise<OwnRouter> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-bench-router-'))
  const port = await freePort()
  const router = createHaproxyRouter({
    docker: createDocker(),
    installation,
    folder,
    image: await routerImage(),
    bind: { address: '127.0.0.1', port },
    log: createLogger('bench', 'error'),
  })
  const dispose = async () => {
    await router.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await router.ensure()
    const route = { app: parseAppName('bench'), hosts: [parseHostName(host)], live: null }
    await router.setHosts(1, route.app, route.hosts)
    const target = { name: 'bench', address: upstream.hostname, port: Number(upstream.port) }
    await router.fillSlot({ seat: 1, slot: 'blue' }, [target], 1n)
    await router.switchTo({ seat: 1, slot: 'blue' }, 1n, route)
  } catch (error) {
    await dispose()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose }
}
