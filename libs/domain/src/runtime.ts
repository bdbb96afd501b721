/** What runs the instances of an app (DESIGN §1). */
export const runtimeNames = ['docker', 'kubernetes'] as const
export type RuntimeName = (typeof runtimeNames)[number]
