import { type ConfigKind, parseConfigName, parseConfigValue } from '@tagship/domain'
import type { AppRecord, CommandPorts, ConfigOutcome } from '../ports.ts'
import type { Asked } from './deploy.ts'

/**
 * Sets names, or (null) takes them away, and deploys what serves with them. A hold does not keep a person from
 * it, and stays. Asked for twice, it is done once: the store compares with what is set.
 * @throws config.*, request.conflict while a rollback waits for its turn
 */
export async function changeConfig(
  ports: CommandPorts,
  app: AppRecord,
  kind: ConfigKind,
  wanted: Readonly<Record<string, string | null>>,
  asked: Asked & { readonly deploy: boolean },
): Promise<ConfigOutcome> {
  const values = new Map(
    Object.entries(wanted).map(([text, value]) => {
      const name = parseConfigName(text)
      return [name, value === null ? null : parseConfigValue(kind, name, value)] as const
    }),
  )
  const outcome = await ports.store.changeConfig(app, { kind, values, ...asked })
  await ports.fault('config.stored')
  return outcome
}
