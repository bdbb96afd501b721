import type { Rights, Role } from '@tagship/domain'

/** Who asks, and what they may do by now. */
export interface Identity extends Rights {
  readonly kind: 'user' | 'token'
  /** As the history knows them: no user and token have the same. */
  readonly name: string
  /** The user, or the owner of the token; null for a token that stands for itself. */
  readonly userId: string | null
}

/** A role for one app, by the app's id. */
export interface AppRole {
  readonly id: string
  readonly role: Role
}

export function rightsOf(role: Role | null, apps: readonly AppRole[]): Rights {
  return { role, apps: new Map(apps.map((app) => [app.id, app.role])) }
}
