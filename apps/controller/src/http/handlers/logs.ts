import { followLogs, readLogs } from '../deployment-logs.ts'
import type { Handlers, StreamOpeners } from '../handler.ts'
import { downloadLogs } from '../log-download.ts'
import { findDeployment } from '../look-up.ts'
import { lastEventId } from '../server-sent-events.ts'

export const logHandlers = {
  async readLogs(deps, { params, query }) {
    return readLogs(deps, await findDeployment(deps.store, params.id), query)
  },

  async downloadLogs(deps, { params, query, reply }) {
    return downloadLogs(deps, await findDeployment(deps.store, params.id), query, reply)
  },
} satisfies Partial<Handlers>

export const logStreams = {
  async readLogs(deps, { params, query, request }, signal) {
    const deployment = await findDeployment(deps.store, params.id)
    const after = lastEventId(request.headers) ?? query.after
    return followLogs(deps, deployment, { ...query, after }, signal)
  },
} satisfies Partial<StreamOpeners>
