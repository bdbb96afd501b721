import {
  addApp,
  addSigner,
  type CommandPorts,
  cancel,
  changeApp,
  changeConfig,
  deploy,
  explainTag,
  hold,
  listVerdicts,
  movedTags,
  promote,
  removeApp,
  removeCredential,
  removeSigner,
  removeWebhook,
  resume,
  rollback,
  setCredential,
  setKnownHosts,
  setWebhook,
  tryPolicy,
} from '@tagship/engine'
import type { Commands } from './http/commands.ts'
import { instanceLogs } from './instance-logs.ts'

/** The engine's commands, bound to the parts of this controller: what the HTTP routes call. */
export function bindCommands(ports: CommandPorts): Commands {
  return {
    addApp: (input) => addApp(ports, input),
    changeApp: (app, patch, actor) => changeApp(ports, app, patch, actor),
    removeApp: (app) => removeApp(ports, app),
    deploy: (app, what, asked) => deploy(ports, app, what, asked),
    changeConfig: (app, kind, values, asked) => changeConfig(ports, app, kind, values, asked),
    rollback: (app, to, asked) => rollback(ports, app, to, asked),
    promote: (id, actor) => promote(ports, id, { actor, reason: null }),
    cancel: (id, actor) => cancel(ports, id, { actor, reason: null }),
    hold: (app, asked) => hold(ports, app, asked),
    resume: (app) => resume(ports, app),
    listVerdicts: (app, page) => listVerdicts(ports, app, page),
    explainTag: (app, tag) => explainTag(ports, app, tag),
    movedTags: (app) => movedTags(ports, app),
    tryPolicy: (app, policy) => tryPolicy(ports, app, policy),
    setCredential: (app, credential, actor) => setCredential(ports, app, credential, actor),
    removeCredential: (app) => removeCredential(ports, app),
    setKnownHosts: (app, lines) => setKnownHosts(ports, app, lines),
    addSigner: (app, given, actor) => addSigner(ports, app, given, actor),
    removeSigner: (app, fingerprint) => removeSigner(ports, app, fingerprint),
    setWebhook: (app, provider, actor) => setWebhook(ports, app, provider, actor),
    removeWebhook: (app, provider) => removeWebhook(ports, app, provider),
    instanceLogs: (deploymentId, options) => instanceLogs(ports, deploymentId, options),
  }
}
