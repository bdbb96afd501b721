const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const
const systems = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'] as const

/** What a person would call it; the whole of what it says of itself is one hover away. */
export function browserOf(agent: string | null): string {
  if (agent === null) return 'An unknown browser'
  const browser = browsers.find(([mark]) => agent.includes(mark))?.[1] ?? agent.slice(0, 40)
  const system = systems.find((name) => agent.includes(name))
  return system ? `${browser} on ${system}` : browser
}
