/** An installation of the test's own that puts apps on the test cluster. */
import { request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import type { AppJson, DeploymentJson } from '@tagship/api'
import { runCommand } from '@tagship/kit'
import { expect, inject } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, type SampleApp } from '../support/sample-app.ts'

export type RuntimeName = 'docker' | 'kubernetes'

export interface Answer {
  readonly status: number
  readonly version: string | null
  readonly text: string
}

export interface World extends AsyncDisposable {
  readonly at: Installation
  /** Where its apps are, unless they have their own. */
  readonly namespace: string
  /** Runs kubectl as the cluster's administrator. @throws where it fails */
  kubectl(...args: string[]): Promise<string>
  /** Makes the object, or puts it in the place of the one that is there. @throws where it is refused */
  send(verb: 'create' | 'replace', object: object, ...flags: string[]): Promise<void>
  /** What `kubectl get` lists. */
  objects<T = { metadata: { name: string } }>(...args: string[]): Promise<T[]>
  addApp(name: string, runtime: RuntimeName, ...flags: string[]): Promise<void>
  /** Pushes the version and waits until it serves. */
  ship(
    app: string,
    repository: SampleApp,
    version: string,
    files?: Readonly<Record<string, string>>,
  ): Promise<void>
  /** What users get: through the router, or through the app's Service. */
  fetch(app: string, path?: string): Promise<Answer>
  /** What is seen at `next.HOST`: through the router, or through the Service that the Ingress has for it. */
  preview(app: string): Promise<Answer>
  newest(app: string): Promise<DeploymentJson>
  app(name: string): Promise<AppJson>
}

export interface WorldOptions {
  /** For the controller. */
  readonly env?: Readonly<Record<string, string>>
  /** Apps get namespaces of their own, as they do where none is given. */
  readonly ownNamespaces?: boolean
}

export async function startWorld({ env = {}, ownNamespaces = false }: WorldOptions = {}): Promise<World> {
  const kubeconfig = inject('kubeconfig')
  const at = await startInstallation({
    env: { KUBECONFIG: kubeconfig, TAGSHIP_REGISTRY: inject('registry'), ...env },
  })
  const run = async (args: readonly string[], options: { readonly input?: string } = {}) => {
    const { exitCode, stdout, stderr } = await runCommand('kubectl', ['--kubeconfig', kubeconfig, ...args], {
      timeout: 60_000,
      ...options,
    })
    if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const kubectl = (...args: string[]) => run(args)
  const app = (name: string) => at.client.getApp({ params: { app: name } })
  const newest = async (name: string) => {
    const { items } = await at.client.listDeployments({ params: { app: name }, query: { limit: 1 } })
    const [one] = items
    if (!one) throw new Error(`${name} has no deployment`)
    return one
  }
  // One that nothing was ever in: a cluster takes its time to clear one.
  const namespace = `test-${at.id}`
  await kubectl('create', 'namespace', namespace)
  await kubectl('label', 'namespace', namespace, `dev.tagship=${at.id}`)
  return {
    at,
    namespace,
    kubectl,
    send: async (verb, object, ...flags) =>
      void (await run([verb, ...flags, '--filename', '-'], { input: JSON.stringify(object) })),
    objects: async <T>(...args: string[]) =>
      (JSON.parse(await kubectl('get', ...args, '-o', 'json')) as { items: T[] }).items,
    async addApp(name, runtime, ...flags) {
      if (runtime === 'kubernetes' && !ownNamespaces) flags.unshift('--namespace', namespace)
      await at.json(['app', 'add', name, '--runtime', runtime, '--build-arg', await localBase(), ...flags])
    },
    async ship(name, repository, version, files = {}) {
      await repository.version(version, files)
      const pushed = await at.push(name, repository, `v${version}`)
      expect(pushed.stderr, version).toContain('serves at')
    },
    fetch: async (name, path = '/') => {
      const { runtime, namespace, hosts } = await app(name)
      if (runtime === 'docker') return at.fetch(hosts[0] ?? '', path)
      return fetchService(await addressOf(kubectl, namespace ?? `tagship-${name}`, name), path)
    },
    async preview(name) {
      const { runtime, namespace, hosts } = await app(name)
      const host = `next.${hosts[0]}`
      if (runtime === 'docker') return at.fetch(host)
      const place = namespace ?? `tagship-${name}`
      const query = `jsonpath={.spec.rules[?(@.host=="${host}")].http.paths[0].backend.service.name}`
      const service = await kubectl('get', 'ingress', name, '--namespace', place, '-o', query)
      return fetchService(await addressOf(kubectl, place, service), '/')
    },
    newest,
    app,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]()
      const own = ['--selector', `dev.tagship=${at.id}`]
      // Nobody waits any more for what drains.
      await kubectl('delete', 'deployments', '--all-namespaces', ...own)
      await kubectl('delete', 'pods', '--all-namespaces', ...own, '--force', '--grace-period=0')
      await kubectl('delete', 'namespace', ...own, '--wait=false')
    },
  }
}

/** Over a connection of its own: a kept one would stay with the release that it was opened to. */
function fetchService(address: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: address, path, agent: false, timeout: 10_000 }, async (response) => {
      const version = response.headers['x-version']?.toString() ?? null
      resolve({ status: response.statusCode ?? 0, version, text: await readText(response) })
    })
    asking
      .on('error', reject)
      .on('timeout', () => asking.destroy(new Error('no answer')))
      .end()
  })
}

/** The address of a Service, from inside of the cluster's network. */
export async function addressOf(kubectl: World['kubectl'], namespace: string, name: string): Promise<string> {
  return kubectl('get', 'service', name, '--namespace', namespace, '-o', 'jsonpath={.spec.clusterIP}')
}

/** What pods of the account say who they are by. */
export async function tokenOf(
  { kubectl, objects }: World,
  namespace: string,
  account: string,
): Promise<string> {
  const secrets = await objects<{
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
    readonly data?: { readonly token?: string }
  }>('secrets', '--namespace', namespace)
  const own = secrets.find(
    ({ metadata }) => metadata.annotations?.['kubernetes.io/service-account.name'] === account,
  )
  // Newer clusters make no Secret for an account.
  if (!own?.data?.token) return (await kubectl('create', 'token', account, '--namespace', namespace)).trim()
  return Buffer.from(own.data.token, 'base64').toString()
}
