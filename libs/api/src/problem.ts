/** Problem details (RFC 9457) with the catalogue's code and mend. */
import { type ErrorCode, errorCatalogue } from '@tagship/domain/errors'
import { z } from 'zod'

export const problem = z
  .object({
    /** Where the code is documented. */
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    mend: z.string(),
    /** The path of the request. */
    instance: z.string(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof problem>

export function problemOf(code: ErrorCode, detail: string, instance: string): Problem {
  const { title, httpStatus, mend } = errorCatalogue[code]
  const type = `urn:tagship:error:${code}`
  return { type, title, status: httpStatus, detail, code, mend, instance }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code)
}
