import type { Store } from '@tagship/store'

/** What the HTTP API asks of the store. */
export type HttpStore = Pick<
  Store,
  | 'listApps'
  | 'appByName'
  | 'findDeployments'
  | 'deploymentById'
  | 'currentDeployments'
  | 'listReleases'
  | 'readConfig'
  | 'configNotLive'
  | 'appsWithMovedTags'
  | 'pollState'
  | 'logs'
  | 'listEvents'
  | 'newestEvents'
  | 'lastEventId'
  | 'verifyHistory'
  | 'onChange'
  | 'appendAudit'
  | 'listAudit'
  | 'readAudit'
  | 'authenticate'
  | 'beginIdempotent'
  | 'finishIdempotent'
  | 'forgetIdempotent'
>
