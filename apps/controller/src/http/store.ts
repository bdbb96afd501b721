/** What the HTTP API asks of the store. */
import type { Role } from '@tagship/api'
import type { ChainedEvent, Deployment } from '@tagship/domain'
import type { AppRecord, LogSource, ReleaseRecord } from '@tagship/engine'

export interface Identity {
  /** The token's name: who did it, in audit and history. */
  readonly name: string
  readonly role: Role
}

export interface StoredLine {
  readonly seq: number
  readonly source: LogSource
  readonly process: string | null
  readonly at: Date
  readonly text: string
}

export interface StoredEvent extends ChainedEvent {
  /** Order over all apps. */
  readonly id: bigint
}

export interface AuditRecord {
  readonly id: bigint
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly app: string | null
  readonly outcome: string
  readonly detail: unknown
}

export interface NewAuditRecord {
  readonly actor: string
  readonly action: string
  readonly app: string | null
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Change {
  readonly kind: 'deployment' | 'event' | 'log' | 'outbox'
  readonly id: string
}

export type IdempotentStart =
  | { readonly kind: 'new' }
  | { readonly kind: 'done'; readonly status: number; readonly response: unknown }
  /** Another request with the key has not come to its end. */
  | { readonly kind: 'underWay' }

export interface HistoryVerdict {
  readonly app: string
  readonly events: number
  readonly broken: { readonly seq: number; readonly problem: string } | null
}

export interface HttpStore {
  listApps(page: { readonly after?: string; readonly limit: number }): Promise<AppRecord[]>
  appByName(name: string): Promise<AppRecord | null>
  listDeployments(
    appId: string,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<Deployment[]>
  deploymentById(id: string): Promise<Deployment | null>
  activeDeployment(appId: string): Promise<Deployment | null>
  queuedDeployment(appId: string): Promise<Deployment | null>
  listReleases(
    appId: string,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<ReleaseRecord[]>
  logs(page: {
    readonly deploymentId: string
    readonly after: number
    readonly limit: number
    readonly source?: LogSource
  }): Promise<StoredLine[]>
  listEvents(page: {
    readonly appId?: string
    readonly deploymentId?: string
    readonly after?: bigint
    readonly limit: number
  }): Promise<StoredEvent[]>
  /** The id of the newest event; 0 where there is none. */
  lastEventId(): Promise<bigint>
  /** Walks the chain of each app's events. */
  verifyHistory(): AsyncIterable<HistoryVerdict>
  /** @returns what ends the listening */
  onChange(listener: (change: Change) => void): () => void
  appendAudit(record: NewAuditRecord): Promise<unknown>
  listAudit(page: {
    readonly app?: string
    readonly before?: bigint
    readonly limit: number
  }): Promise<AuditRecord[]>
  authenticate(secret: string): Promise<Identity | null>
  /** @throws idempotency.mismatch */
  beginIdempotent(key: string, actor: string, requestHash: string): Promise<IdempotentStart>
  finishIdempotent(key: string, actor: string, status: number, response: unknown): Promise<void>
}
