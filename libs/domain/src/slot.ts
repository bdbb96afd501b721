/** An app has two slots; exactly one of them is live. */
export const slots = ['blue', 'green'] as const
export type Slot = (typeof slots)[number]

/** The slot a new deployment takes: never the live one. */
export function idleSlot(live: Slot | null): Slot {
  return live === 'blue' ? 'green' : 'blue'
}
