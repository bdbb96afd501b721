/** Who is signed in, and the client that speaks for them. */
import { type Client, createClient } from '@tagship/api'
import { createStore, useStore } from './store.ts'

export interface Session {
  readonly token: string
}

const key = 'tagship.token'
const kept = sessionStorage.getItem(key)
const session = createStore<Session | null>(kept ? { token: kept } : null)

let client = clientOf(kept)

/** Everything that the dashboard knows comes through it. */
export function api(): Client {
  return client
}

function clientOf(token: string | null): Client {
  return createClient({ url: location.origin, token })
}

export function useSession(): Session | null {
  return useStore(session)
}

/** Asks the API first. @throws ApiError where the token is not one, ControllerUnreachable */
export async function signIn(token: string): Promise<void> {
  const candidate = clientOf(token)
  await candidate.listApps({ query: { limit: 1 } })
  sessionStorage.setItem(key, token)
  client = candidate
  session.set({ token })
}

export function signOut(): void {
  sessionStorage.removeItem(key)
  client = clientOf(null)
  session.set(null)
}
