/** What roles there are, and what somebody's roles come to for one app. */

/** Each role may do what the ones before it may. */
export const roles = ['viewer', 'deployer', 'admin'] as const
export type Role = (typeof roles)[number]

export function roleAllows(has: Role, needs: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needs)
}

export interface Rights {
  /** For the whole installation; null: for the apps that are named only. */
  readonly role: Role | null
  /** By the id of the app. */
  readonly apps: ReadonlyMap<string, Role>
}

/** The higher of the role for all and the one for this app; null where there is neither. */
export function roleIn({ role, apps }: Rights, appId: string): Role | null {
  return higher(role, apps.get(appId) ?? null)
}

/** What both may do: a token never does more than its owner. */
export function narrow(rights: Rights, by: Rights): Rights {
  const ids = new Set([...rights.apps.keys(), ...by.apps.keys()])
  const apps = [...ids].flatMap((id) => {
    const role = lower(roleIn(rights, id), roleIn(by, id))
    return role ? [[id, role] as const] : []
  })
  return { role: lower(rights.role, by.role), apps: new Map(apps) }
}

/** Whether everything that `wanted` allows is allowed by `has` as well. */
export function covers(has: Rights, wanted: Rights): boolean {
  if (wanted.role && !(has.role && roleAllows(has.role, wanted.role))) return false
  return [...wanted.apps].every(([id, role]) => {
    const own = roleIn(has, id)
    return own !== null && roleAllows(own, role)
  })
}

export function sameRights(one: Rights, other: Rights): boolean {
  return covers(one, other) && covers(other, one)
}

function higher(one: Role | null, other: Role | null): Role | null {
  if (one === null || other === null) return one ?? other
  return roleAllows(one, other) ? one : other
}

function lower(one: Role | null, other: Role | null): Role | null {
  if (one === null || other === null) return null
  return roleAllows(one, other) ? other : one
}
