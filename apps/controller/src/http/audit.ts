/** An entry for every write, and for every request that was refused. */
import { isWrite, type RouteName } from '@tagship/api'
import type { TagshipError } from '@tagship/domain'
import type { Logger } from '@tagship/kit'
import type { NewAuditEntry } from '@tagship/store'
import type { FastifyRequest } from 'fastify'
import { routeOf } from './access.ts'
import { withoutPassword } from './present.ts'
import type { HttpStore } from './store.ts'
import { confidential, withoutSecrets } from './without-secrets.ts'

/** More refusals of callers without a token than this, a minute, go to the log only: nobody outside may fill the disk. */
const strangersPerMinute = 60

export interface Auditor {
  refused(request: FastifyRequest, error: TagshipError): Promise<void>
  wrote(request: FastifyRequest, action: RouteName, result: WriteResult): Promise<void>
  /** Somebody has signed in or out, or changed what they sign in with. */
  signedIn(
    request: FastifyRequest,
    action: string,
    who: { readonly name: string; readonly by: string },
  ): Promise<void>
  failedToSignIn(request: FastifyRequest, action: string, error: TagshipError): Promise<void>
}

type WriteResult = { readonly status: number; readonly response: unknown } | { readonly error: TagshipError }

export function createAuditor(store: HttpStore, log: Logger): Auditor {
  let strangers = { minute: 0, count: 0 }

  const mayRecordStranger = (): boolean => {
    const minute = Math.floor(Date.now() / 60_000)
    strangers = { minute, count: strangers.minute === minute ? strangers.count + 1 : 1 }
    return strangers.count <= strangersPerMinute
  }
  // What was done is done: an entry that cannot be written must not turn it into an error.
  const append = async (record: NewAuditEntry) => {
    try {
      await store.appendAudit(record)
    } catch (error) {
      log.error({ err: error, audit: record }, 'the audit entry could not be written')
    }
  }

  return {
    async refused(request, error) {
      const route = routeOf(request)
      if (!route) return
      const stranger = request.identity === null
      if (stranger && !(isWrite(route.route) && mayRecordStranger())) return
      await append({
        actor: request.identity?.name ?? 'anonymous',
        action: route.name,
        app: appOf(route.name, request.params, null, null),
        outcome: 'refused',
        detail: { code: error.code, ...viaOf(request), from: request.ip },
      })
    },
    async signedIn(request, action, { name, by }) {
      await append({ actor: name, action, app: null, outcome: 'done', detail: { by, from: request.ip } })
    },
    async failedToSignIn(request, action, error) {
      if (!mayRecordStranger()) return
      const tried = textIn(request.body, 'username') ?? textIn(request.body, 'email')
      const detail = {
        code: error.code,
        from: request.ip,
        ...(tried === null ? {} : { tried: tried.slice(0, 100) }),
      }
      await append({ actor: 'anonymous', action, app: null, outcome: 'refused', detail })
    },
    async wrote(request, action, result) {
      if ('error' in result && request.identity === null && !mayRecordStranger()) return
      const asked = { ...describeParams(request.params), ...describeBody(request.body) }
      const response = 'response' in result ? result.response : null
      await append({
        actor: request.identity?.name ?? 'anonymous',
        action,
        app: appOf(action, request.params, request.body, response),
        outcome: 'error' in result ? 'failed' : 'done',
        detail: {
          ...asked,
          ...warningsIn(response),
          ...(request.identity ? viaOf(request) : { from: request.ip }),
          ...('error' in result ? { code: result.error.code, problem: result.error.message } : {}),
        },
      })
    },
  }
}

/** What the caller was warned of, and did all the same. */
function warningsIn(response: unknown): { readonly warnings?: unknown } {
  const found: unknown = typeof response === 'object' && response ? Reflect.get(response, 'warnings') : null
  return Array.isArray(found) && found.length > 0 ? { warnings: found } : {}
}

/** Whether a person did it or a token. */
function viaOf({ identity }: FastifyRequest): { readonly via?: string } {
  return identity ? { via: identity.kind === 'user' ? 'session' : 'token' } : {}
}

/** Whom or what it was about, where that is no app. */
function describeParams(params: unknown): Record<string, string> {
  const named = ['user', 'token', 'session'].map((key) => [key, textIn(params, key)] as const)
  return Object.fromEntries(named.filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== null))
}

/** The app's name is in the path, in the body of a new app, or in the deployment that is the answer. */
function appOf(action: RouteName, params: unknown, body: unknown, response: unknown): string | null {
  const named = textIn(params, 'app') ?? textIn(response, 'app')
  return named ?? (action === 'addApp' ? textIn(body, 'name') : null)
}

function textIn(value: unknown, key: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : null
}

/** What was asked for, without what may be secret: credentials in URLs, values of build args, env and secrets. */
function describeBody(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {}
  const described: Record<string, unknown> = { ...Object(withoutSecrets(body)) }
  for (const field of confidential) delete described[field]
  if (typeof described.repo === 'string') described.repo = withoutPassword(described.repo)
  for (const field of ['buildArgs', 'env', 'secrets']) {
    const values = described[field]
    if (typeof values === 'object') described[field] = Object.keys(values ?? {})
  }
  return described
}
