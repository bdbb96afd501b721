/** The control plane itself: what it consists of, and how it is. */
import { z } from 'zod'

const check = z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })
export const readiness = z.object({ ok: z.boolean(), checks: z.array(check) }).meta({ id: 'Readiness' })
export type Readiness = z.output<typeof readiness>
