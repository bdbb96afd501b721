/** What a call of the client can throw. */
import { errorCatalogue } from '@tagship/domain/errors'
import { isErrorCode, type Problem, problem } from './problem.ts'

/** The controller answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly mend: string

  constructor({ code, status, detail, mend }: Pick<Problem, 'code' | 'status' | 'detail' | 'mend'>) {
    super(detail)
    this.code = code
    this.status = status
    this.detail = detail
    this.mend = mend
  }

  /** Of the command line (DESIGN §7). */
  get exitCode(): number {
    return isErrorCode(this.code) ? errorCatalogue[this.code].exitCode : 1
  }
}

/** Nothing answers at the controller's address, or what answers is no controller. */
export class ControllerUnreachable extends Error {
  override readonly name = 'ControllerUnreachable'
  readonly code = 'controller.unreachable'
  readonly exitCode = 7
  readonly url: string
  readonly detail: string
  readonly mend = 'Start it with tagship up, or say where it is: tagship login, or TAGSHIP_URL.'

  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`The controller at ${url} cannot be reached: ${why}`, options)
    this.url = url
    this.detail = this.message
  }
}

/** @throws ApiError with what the controller said, ControllerUnreachable where it was no problem document */
export async function throwProblem(url: string, response: Response): Promise<never> {
  const text = await response.text()
  const parsed = problem.safeParse(parseJson(text))
  if (parsed.success) throw new ApiError(parsed.data)
  throw new ControllerUnreachable(url, `something that is no Tagship controller answered ${response.status}`)
}

/** The value, or undefined where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why a request did not get an answer, in the words of the system (`connect ECONNREFUSED 127.0.0.1:7070`). */
export function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message
  return cause instanceof Error ? cause.message : String(cause)
}
