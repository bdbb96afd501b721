/** Which apps a list is about. */
import type { AppRecord } from '@tagship/engine'
import type { ServerDeps } from './handler.ts'
import { findApp } from './look-up.ts'

/** Null: all of them. @throws app.notFound */
export async function appsOf(
  { store, visible }: ServerDeps,
  name: string | undefined,
): Promise<AppRecord[] | null> {
  if (name !== undefined) return [await findApp(store, name)]
  return visible && store.listApps({ limit: visible.length + 1 })
}
