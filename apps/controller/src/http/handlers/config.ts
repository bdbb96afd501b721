import type { Handlers } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentConfigChange, presentEnv, presentSecrets } from '../present-config.ts'

export const configHandlers = {
  async listEnv({ store }, { params }) {
    return presentEnv(await store.readConfig((await findApp(store, params.app)).id))
  },

  async changeEnv({ store, commands }, { params, body, actor }) {
    const app = await findApp(store, params.app)
    const { env, deploy, reason = null } = body
    return presentConfigChange(await commands.changeConfig(app, 'env', env, { actor, reason, deploy }))
  },

  async listSecrets({ store }, { params }) {
    return presentSecrets(await store.readConfig((await findApp(store, params.app)).id))
  },

  async changeSecrets({ store, commands }, { params, body, actor }) {
    const app = await findApp(store, params.app)
    const { secrets, deploy, reason = null } = body
    return presentConfigChange(await commands.changeConfig(app, 'secret', secrets, { actor, reason, deploy }))
  },
} satisfies Partial<Handlers>
