/** The clusters that this controller reaches: contexts of its kubeconfig, or the one that it runs in. */
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  HttpMethod,
  KubeConfig,
  NetworkingV1Api,
  RequestContext,
  ServerConfiguration,
} from '@kubernetes/client-node'
import { TagshipError } from '@tagship/domain'
import { fetch, type Response } from 'undici'

/** An API server that does not answer within this time is taken for one that hangs. */
const answerMs = 10_000

export interface Cluster {
  /** Its API server, for messages. */
  readonly server: string
  readonly config: KubeConfig
  readonly core: CoreV1Api
  readonly apps: AppsV1Api
  readonly networking: NetworkingV1Api
  readonly authorization: AuthorizationV1Api
  /** A GET for which there is no typed call; the answer as it comes, whatever its status. @throws cluster.refused */
  request(question: Question): Promise<Response>
}

export interface Question {
  /** Of the API, made of names that were looked at. */
  readonly base: string
  /** What follows, which may come from a manifest: it never leads out of the base, whatever dots it has. */
  readonly path?: string
  readonly signal?: AbortSignal
}

/** Opens no connection; the kubeconfig is read again when it has changed. */
export type Clusters = (context: string | null) => Cluster

/** @param env says where the kubeconfig is: KUBECONFIG, else ~/.kube/config, else the pod's service account */
export function openClusters(env: NodeJS.ProcessEnv = process.env): Clusters {
  const opened = new Map<string, { readonly version: string; readonly cluster: Cluster }>()
  return (context) => {
    const version = versionOf(env)
    const known = opened.get(context ?? '')
    if (known?.version === version) return known.cluster
    const cluster = connect(readConfig(env, context))
    opened.set(context ?? '', { version, cluster })
    return cluster
  }
}

function filesOf(env: NodeJS.ProcessEnv): string[] {
  if (env.KUBECONFIG) return env.KUBECONFIG.split(delimiter).filter((file) => file !== '')
  return [join(env.HOME ?? homedir(), '.kube', 'config')]
}

/** Another one for each content of the files; empty where there is none. */
function versionOf(env: NodeJS.ProcessEnv): string {
  return filesOf(env)
    .flatMap((file) => {
      const found = statSync(file, { throwIfNoEntry: false })
      return found ? `${file} ${found.mtimeMs} ${found.size} ${found.ino}` : []
    })
    .join('\n')
}

/** @throws cluster.unknown */
function readConfig(env: NodeJS.ProcessEnv, context: string | null): KubeConfig {
  const config = new KubeConfig()
  const files = filesOf(env).filter((file) => statSync(file, { throwIfNoEntry: false }))
  try {
    if (files.length > 0) {
      for (const [index, file] of files.entries()) {
        if (index === 0) config.loadFromFile(file)
        else {
          const more = new KubeConfig()
          more.loadFromFile(file)
          config.mergeConfig(more, true)
        }
      }
    } else if (env.KUBERNETES_SERVICE_HOST) config.loadFromCluster()
    else throw new Error(`there is no kubeconfig at ${filesOf(env).join(', ')}`)
  } catch (cause) {
    throw new TagshipError('cluster.unknown', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
  if (context !== null) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map(({ name }) => name)
      throw new TagshipError(
        'cluster.unknown',
        `the kubeconfig has no context "${context}"; it has ${known.join(', ') || 'none'}`,
      )
    }
    config.setCurrentContext(context)
  }
  if (!config.getCurrentCluster()) {
    throw new TagshipError('cluster.unknown', 'the kubeconfig names no current context')
  }
  return config
}

function connect(config: KubeConfig): Cluster {
  const server = config.getCurrentCluster()?.server ?? ''
  const settings = createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: async (request: RequestContext) => {
          request.setSignal(AbortSignal.timeout(answerMs))
          return request
        },
        post: async (response) => response,
      },
    ],
  })
  return {
    server,
    config,
    core: new CoreV1Api(settings),
    apps: new AppsV1Api(settings),
    networking: new NetworkingV1Api(settings),
    authorization: new AuthorizationV1Api(settings),
    async request({ base, path = '', signal = AbortSignal.timeout(answerMs) }) {
      const url = new URL(`${server}${base}${path}`)
      const root = new URL(`${server}${base}`).pathname
      if (url.pathname !== root && !url.pathname.startsWith(`${root}/`))
        throw new TagshipError('cluster.refused', `"${path}" leads out of ${base}`)
      const asked = new RequestContext(url.href, HttpMethod.GET)
      await config.applySecurityAuthentication(asked)
      const dispatcher = asked.getDispatcher()
      const headers = asked.getHeaders()
      return fetch(url, { headers, signal, redirect: 'manual', ...(dispatcher ? { dispatcher } : {}) })
    },
  }
}
