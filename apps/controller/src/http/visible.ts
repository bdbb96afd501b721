/** Which apps a list is about. */
import type { AppRecord } from '@tagship/engine'
import type { ServerDeps } from './handler.ts'
import { findApp } from './look-up.ts'

/** Null: all of them. @throws app.notFound */
export async function appsOf({ store }: ServerDeps, name: string | undefined): Promise<AppRecord[] | null> {
  return name === undefined ? null : [await findApp(store, name)]
}
