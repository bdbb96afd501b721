/** Who is signed in, and the client that speaks for them. */
import { ApiError, type Client, createClient, type MeJson, type Role, roleAllows } from '@tagship/api'
import { ask } from './auth.ts'
import { createStore, useStore } from './store.ts'

/** `asking`: what the browser brings is not known to be worth anything yet. */
type Session =
  | { readonly state: 'asking'; readonly problem: Error | null }
  | { readonly state: 'out' }
  | { readonly state: 'in'; readonly me: MeJson }

const session = createStore<Session>({ state: 'asking', problem: null })

/** A token that was pasted, until the tab is closed. A person's session is a cookie that no script can read. */
const key = 'tagship.token'

let client = clientOf(sessionStorage.getItem(key))

/** Everything that the dashboard knows comes through it. */
export function api(): Client {
  return client
}

function clientOf(token: string | null): Client {
  return createClient({ url: location.origin, token })
}

export function useSession(): Session {
  return useStore(session)
}

/** Of who is signed in; pages are shown to nobody else. */
export function useMe(): MeJson {
  const found = useStore(session)
  if (found.state !== 'in') throw new Error('nobody is signed in')
  return found.me
}

/** Whether they may, for the app; without one, for the whole installation. The API decides; this is for what is shown. */
export function useMay(needs: Role, app?: string): boolean {
  const { role, apps } = useMe()
  const own = apps.find((one) => one.app === app)?.role
  return [role, own].some((has) => has && roleAllows(has, needs))
}

/** Asks the controller whose the browser's cookie or token is. Never throws. */
export async function askWhoIsThere(): Promise<void> {
  try {
    session.set({ state: 'in', me: await client.me() })
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) forgetSession()
    else session.set({ state: 'asking', problem: error instanceof Error ? error : new Error(String(error)) })
  }
}

/** @throws ApiError where the token is not one, ControllerUnreachable */
export async function signInWithToken(token: string): Promise<void> {
  const candidate = clientOf(token)
  const me = await candidate.me()
  sessionStorage.setItem(key, token)
  client = candidate
  session.set({ state: 'in', me })
}

/** It has ended, here or elsewhere. */
export function forgetSession(): void {
  sessionStorage.removeItem(key)
  client = clientOf(null)
  session.set({ state: 'out' })
}

/** @throws ApiError, ControllerUnreachable: then the session goes on */
export async function signOut(): Promise<void> {
  if (sessionStorage.getItem(key) === null) await ask('/sign-out')
  forgetSession()
}
