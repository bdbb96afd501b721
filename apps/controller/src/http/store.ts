import type { Store } from '@tagship/store'

/** What the HTTP API asks of the store. */
export type HttpStore = Pick<
  Store,
  | 'listApps'
  | 'appByName'
  | 'listDeployments'
  | 'deploymentById'
  | 'currentDeployments'
  | 'listReleases'
  | 'readConfig'
  | 'configNotLive'
  | 'pollState'
  | 'logs'
  | 'listEvents'
  | 'lastEventId'
  | 'verifyHistory'
  | 'onChange'
  | 'appendAudit'
  | 'listAudit'
  | 'authenticate'
  | 'beginIdempotent'
  | 'finishIdempotent'
  | 'forgetIdempotent'
>
