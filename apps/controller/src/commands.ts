import {
  addApp,
  type CommandPorts,
  cancel,
  changeApp,
  changeConfig,
  deploy,
  explainTags,
  hold,
  promote,
  removeApp,
  resume,
  rollback,
} from '@tagship/engine'
import type { Commands } from './http/commands.ts'
import { instanceLogs } from './instance-logs.ts'

/** The engine's commands, bound to the parts of this controller: what the HTTP routes call. */
export function bindCommands(ports: CommandPorts): Commands {
  return {
    addApp: (input) => addApp(ports, input),
    changeApp: (app, patch) => changeApp(ports, app, patch),
    removeApp: (app) => removeApp(ports, app),
    deploy: (app, what, asked) => deploy(ports, app, what, asked),
    changeConfig: (app, kind, values, asked) => changeConfig(ports, app, kind, values, asked),
    rollback: (app, to, asked) => rollback(ports, app, to, asked),
    promote: (id, actor) => promote(ports, id, { actor, reason: null }),
    cancel: (id, actor) => cancel(ports, id, { actor, reason: null }),
    hold: (app, asked) => hold(ports, app, asked),
    resume: (app) => resume(ports, app),
    judgeTags: (app) => explainTags(ports, app),
    instanceLogs: (deploymentId, options) => instanceLogs(ports, deploymentId, options),
  }
}
