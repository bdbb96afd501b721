/** What a request to the push endpoint asks for. */
import type { IncomingMessage } from 'node:http'
import { type AppName, parseAppName } from '@tagship/domain'

export interface PushAddress {
  readonly app: AppName
  readonly service: 'git-upload-pack' | 'git-receive-pack'
  /** `info/refs` or the service itself: what follows `APP.git/`. */
  readonly path: string
  readonly query: string
}

const pathPattern = /^\/git\/([^/?]+)\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/
const queryPattern = /^service=(git-upload-pack|git-receive-pack)$/

/** Null for everything but git's smart HTTP protocol (gitprotocol-http(5)): nothing else is served. */
export function parseAddress({
  method,
  url = '',
}: Pick<IncomingMessage, 'method' | 'url'>): PushAddress | null {
  const [location = '', query = ''] = url.split('?', 2)
  const [, name = '', path = ''] = pathPattern.exec(location) ?? []
  const service = method === 'GET' && path === 'info/refs' ? queryPattern.exec(query)?.[1] : path
  const allowed = method === 'GET' ? path === 'info/refs' : method === 'POST' && query === ''
  const app = appNameOf(name)
  if (!app || !allowed || !isService(service)) return null
  return { app, service, path, query }
}

function appNameOf(name: string): AppName | null {
  try {
    return parseAppName(name)
  } catch {
    return null
  }
}

function isService(value: string | undefined): value is PushAddress['service'] {
  return value === 'git-upload-pack' || value === 'git-receive-pack'
}
