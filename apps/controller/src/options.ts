import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultDataFolder } from '@tagship/api'
import { TagshipError, toTagshipError } from '@tagship/domain'
import { networkPolicy } from '@tagship/kit'
import type { Registry } from '@tagship/runtime/kubernetes'
import { keyVariable } from './secret-key.ts'
import type { OidcProvider } from './sign-in/better-auth.ts'

export interface Options {
  readonly data: string
  readonly port: number
  readonly httpPort: number
  /** Address that the API listens on. */
  readonly bind: string
  /** Address that the router listens on; empty: all. */
  readonly httpBind: string
  /** Whether a teardown removes images too. */
  readonly images: boolean
  /** Whether a teardown ends apps on clusters too. */
  readonly clusters: boolean
  /** Of a backup. */
  readonly file: string | null
  /** Holds the key that the secrets of a backup are sealed with. */
  readonly keyFile: string | null
  /** Whether what is in the way may be replaced. */
  readonly yes: boolean
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** 32 bytes in base64; null: the one in the data folder. */
  readonly secretKey: string | null
  readonly buildsAtOnce: number
  /** Where users reach the API and the dashboard; null: at the address that it listens on. */
  readonly publicUrl: string | null
  readonly oidc: OidcProvider | null
  /** Private networks that repositories may be in; null: all. */
  readonly allowNetworks: readonly string[] | null
  /** Where clusters pull images from; null: nowhere. */
  readonly registry: Registry | null
  /** The class of Ingress objects; null: the cluster's default. */
  readonly ingressClass: string | null
  /** TLS; null: none. */
  readonly tls: TlsOptions | null
  readonly fault: string | undefined
  readonly logLevel: string
}

interface TlsOptions {
  /** Absolute; holds certificates and their keys. */
  readonly folder: string
  /** Of the API and the dashboard. */
  readonly port: number
  /** Of the apps. */
  readonly httpsPort: number
  /** Where apps are redirected to that are asked for without TLS; null: they are served without. */
  readonly redirectPort: number | null
}

/** From the command line and the environment. @throws input.invalid */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      'http-port': { type: 'string' },
      bind: { type: 'string' },
      'http-bind': { type: 'string' },
      images: { type: 'boolean' },
      clusters: { type: 'boolean' },
      file: { type: 'string' },
      'key-file': { type: 'string' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  return {
    data: values.data ?? defaultDataFolder(env),
    port: portNumber('--port', values.port ?? '7070'),
    httpPort: portNumber('--http-port', values['http-port'] ?? '8080'),
    bind: values.bind ?? '127.0.0.1',
    httpBind: values['http-bind'] ?? '',
    images: values.images ?? false,
    clusters: values.clusters ?? false,
    file: values.file ?? null,
    keyFile: values['key-file'] ?? null,
    yes: values.yes ?? false,
    databaseUrl: env.DATABASE_URL || null,
    redisUrl: env.REDIS_URL || null,
    secretKey: env[keyVariable] || null,
    buildsAtOnce: countOf('TAGSHIP_BUILDS', env.TAGSHIP_BUILDS ?? '2'),
    publicUrl: publicUrlOf(env.TAGSHIP_PUBLIC_URL),
    oidc: oidcOf(env),
    allowNetworks: networksOf(env.TAGSHIP_ALLOW_NETWORKS),
    registry: registryOf(env),
    ingressClass: env.TAGSHIP_INGRESS_CLASS || null,
    tls: tlsOf(env),
    fault: env.TAGSHIP_FAULT,
    logLevel: env.TAGSHIP_LOG ?? 'info',
  }
}

/** @throws input.invalid */
function publicUrlOf(text: string | undefined): string | null {
  if (!text) return null
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.username) {
    throw new TagshipError(
      'input.invalid',
      `TAGSHIP_PUBLIC_URL must be such as https://tagship.example.com, without a path, not "${text}"`,
    )
  }
  return url.origin
}

/** Empty: nothing private; not there: everything private. @throws input.invalid */
function networksOf(text: string | undefined): string[] | null {
  if (text === undefined) return null
  const networks = text.split(',').flatMap((part) => part.trim() || [])
  try {
    networkPolicy(networks)
    return networks
  } catch (error) {
    throw new TagshipError('input.invalid', `TAGSHIP_ALLOW_NETWORKS: ${toTagshipError(error).message}`)
  }
}

/** @throws input.invalid */
function registryOf(env: NodeJS.ProcessEnv): Registry | null {
  const { TAGSHIP_REGISTRY: address, TAGSHIP_REGISTRY_USER: user, TAGSHIP_REGISTRY_PASSWORD: password } = env
  if (!address) return null
  if (!/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(address)) {
    throw new TagshipError(
      'input.invalid',
      `TAGSHIP_REGISTRY must be such as registry.example.com/team, not "${address}"`,
    )
  }
  if (Boolean(user) !== Boolean(password)) {
    throw new TagshipError('input.invalid', 'TAGSHIP_REGISTRY_USER and TAGSHIP_REGISTRY_PASSWORD go together')
  }
  return { address, credentials: user && password ? { user, password } : null }
}

/** @throws input.invalid */
function tlsOf(env: NodeJS.ProcessEnv): TlsOptions | null {
  const { TAGSHIP_CERTIFICATES: folder, TAGSHIP_HTTPS_REDIRECT: redirect } = env
  if (!folder) return null
  const httpsPort = portNumber('TAGSHIP_HTTPS_PORT', env.TAGSHIP_HTTPS_PORT || '8443')
  return {
    folder: resolve(folder),
    port: portNumber('TAGSHIP_TLS_PORT', env.TAGSHIP_TLS_PORT || '7443'),
    httpsPort,
    redirectPort:
      redirect === 'off' ? null : redirect ? portNumber('TAGSHIP_HTTPS_REDIRECT', redirect) : httpsPort,
  }
}

/** An OpenID provider that users may sign in with. @throws input.invalid */
function oidcOf(env: NodeJS.ProcessEnv): OidcProvider | null {
  const { TAGSHIP_OIDC_ISSUER: issuer, TAGSHIP_OIDC_CLIENT_ID: clientId } = env
  const { TAGSHIP_OIDC_CLIENT_SECRET: clientSecret, TAGSHIP_OIDC_NAME: name } = env
  if (!issuer) return null
  const url = URL.parse(issuer)
  const loopback = url !== null && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (!url || (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))) {
    throw new TagshipError(
      'input.invalid',
      `TAGSHIP_OIDC_ISSUER must be an https:// address, not "${issuer}"`,
    )
  }
  if (!clientId || !clientSecret) {
    throw new TagshipError(
      'input.invalid',
      'TAGSHIP_OIDC_ISSUER needs TAGSHIP_OIDC_CLIENT_ID and TAGSHIP_OIDC_CLIENT_SECRET',
    )
  }
  return { id: 'oidc', name: name || url.hostname, issuer, clientId, clientSecret }
}

function portNumber(name: string, text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TagshipError('input.invalid', `${name} must be a port from 1 to 65535, not "${text}"`)
  }
  return port
}

function countOf(name: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1)
    throw new TagshipError('input.invalid', `${name} must be a whole number from 1, not "${text}"`)
  return count
}
