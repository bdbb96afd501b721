import type { AuditVerdictJson } from '@tagship/api'
import type { HttpStore } from './store.ts'

/** Walks the chain of every app's events. */
export async function verifyHistory(store: HttpStore): Promise<AuditVerdictJson> {
  const apps: AuditVerdictJson['apps'] = []
  for await (const { app, events, broken } of store.verifyHistory()) apps.push({ app, events, broken })
  return { intact: apps.every(({ broken }) => broken === null), apps }
}
