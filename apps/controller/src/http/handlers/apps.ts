import { parseHostName, quote, type TagPolicyInput, TagshipError } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import { streamAppChanges } from '../app-stream.ts'
import { readTextCursor, toPage } from '../cursor.ts'
import { describeApp, describeApps } from '../describe-apps.ts'
import type { Handlers, StreamOpeners } from '../handler.ts'
import { findApp } from '../look-up.ts'
import { presentExplanation, presentTag, presentTrial } from '../present-tag.ts'

export const appHandlers = {
  async listApps(deps, { query }) {
    const after = readTextCursor(query.cursor)
    const apps = await deps.store.listApps({
      limit: query.limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    const page = toPage(apps, query.limit, ({ name }) => name)
    return { items: await describeApps(deps, page.items), next: page.next }
  },

  async addApp(deps, { body, actor }) {
    const { tags, ...input } = body
    const policy = withRange(body.policy, tags)
    return describeApp(deps, await deps.commands.addApp({ ...input, policy }, actor))
  },

  async getApp(deps, { params }) {
    return describeApp(deps, await findApp(deps.store, params.app))
  },

  async changeApp(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    const policy = body.policy || body.tags ? withRange(body.policy ?? {}, body.tags) : null
    const trial = policy && (await deps.commands.tryPolicy(app, policy))
    const patch = {
      ...(body.repo === undefined ? {} : { repo: body.repo }),
      ...(policy ? { policy } : {}),
      ...(body.root === undefined ? {} : { root: body.root }),
      ...(body.addHosts || body.removeHosts
        ? { hosts: changedHosts(app, body.addHosts ?? [], body.removeHosts ?? []) }
        : {}),
      ...(body.buildArgs ? { buildArgs: changedBuildArgs(app, body.buildArgs) } : {}),
      runtime: body.runtime,
      cluster: body.cluster,
      namespace: body.namespace,
    }
    const changed = await describeApp(deps, await deps.commands.changeApp(app, patch, actor))
    return { ...changed, trial: trial && presentTrial(trial) }
  },

  async removeApp(deps, { params, actor }) {
    await deps.commands.removeApp(await findApp(deps.store, params.app), actor)
    return null
  },

  async listTags(deps, { params, query }) {
    const app = await findApp(deps.store, params.app)
    const after = readTextCursor(query.cursor)
    const judged = await deps.commands.listVerdicts(app, {
      limit: query.limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    const page = toPage(judged, query.limit, ({ tag }) => tag.name)
    return { items: page.items.map(presentTag), next: page.next }
  },

  async tryPolicy(deps, { params, query }) {
    const app = await findApp(deps.store, params.app)
    return presentTrial(await deps.commands.tryPolicy(app, readJson('policy', query.policy)))
  },

  async explainTag(deps, { params }) {
    const app = await findApp(deps.store, params.app)
    return presentExplanation(await deps.commands.explainTag(app, params.tag))
  },

  async hold(deps, { params, body, actor }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.hold(app, { actor, reason: body.reason ?? null })
    return describeApp(deps, await findApp(deps.store, params.app))
  },

  async resume(deps, { params, actor }) {
    const app = await findApp(deps.store, params.app)
    await deps.commands.resume(app, actor)
    return describeApp(deps, await findApp(deps.store, params.app))
  },
} satisfies Partial<Handlers>

export const appStreams = {
  async listApps({ store }, _call, signal) {
    return streamAppChanges(store, signal)
  },
} satisfies Partial<StreamOpeners>

/** `tags` is short for the range. */
function withRange(policy: TagPolicyInput, tags: string | undefined): TagPolicyInput {
  return tags === undefined ? policy : { ...policy, range: tags }
}

/** @throws input.invalid */
function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TagshipError('input.invalid', `${name}: ${quote(text)} is not JSON`)
  }
}

/** @throws host.invalid */
function changedHosts(app: AppRecord, add: readonly string[], remove: readonly string[]): string[] {
  const gone = remove.map(parseHostName)
  const kept = app.hosts.filter((host) => !gone.includes(host))
  return [...new Set([...kept, ...add.map(parseHostName)])]
}

function changedBuildArgs(app: AppRecord, changes: Readonly<Record<string, string | null>>) {
  const args: Record<string, string> = { ...app.buildArgs }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete args[name]
    else args[name] = value
  }
  return args
}
