/** Config as the JSON of the API. */
import type { ConfigChangeJson, EnvListJson, SecretListJson } from '@tagship/api'
import { type ConfigKind, releaseName } from '@tagship/domain'
import type { AppConfig, ConfigEntry, ConfigOutcome } from '@tagship/engine'
import { presentDeployment } from './present.ts'

export function presentEnv(config: AppConfig): EnvListJson {
  const running = config.live?.env ?? {}
  const items = namesOf(config, 'env', running).map(([name, entry]) => ({
    name,
    value: entry?.value ?? null,
    liveValue: running[name] ?? null,
    ...setting(entry),
  }))
  return { items, ...common(config) }
}

export function presentSecrets(config: AppConfig): SecretListJson {
  const running = config.live?.secrets ?? {}
  const items = namesOf(config, 'secret', running).map(([name, entry]) => ({
    name,
    version: entry?.version ?? null,
    liveVersion: running[name] ?? null,
    readable: entry?.readable ?? true,
    ...setting(entry),
  }))
  return { items, ...common(config) }
}

export function presentConfigChange({ changed, effect, deployment }: ConfigOutcome): ConfigChangeJson {
  return { changed: [...changed], effect, deployment: deployment && presentDeployment(deployment) }
}

/** What is set of the kind, and what runs though it is not set any more; in order. */
function namesOf(
  { entries }: AppConfig,
  kind: ConfigKind,
  running: Readonly<Record<string, unknown>>,
): [string, ConfigEntry | undefined][] {
  const set = new Map(entries.filter((entry) => entry.kind === kind).map((entry) => [entry.name, entry]))
  const names = new Set([...set.keys(), ...Object.keys(running)])
  return [...names].sort().map((name) => [name, set.get(name)])
}

function setting(entry: ConfigEntry | undefined) {
  return { setBy: entry?.setBy ?? null, setAt: entry?.setAt.toISOString() ?? null }
}

function common({ live, notLive }: AppConfig) {
  return {
    live: live && { release: releaseName(live.release), revision: live.revision },
    notLive: [...notLive],
  }
}
