/** What the command line itself has to say, beside what the controller answers. */
import { ApiError, ControllerUnreachable } from '@tagship/api'
import { TagshipError } from '@tagship/domain/errors'

export interface Trouble {
  readonly code: string
  readonly detail: string
  readonly mend: string | null
  readonly exitCode: number
}

export class CliError extends Error {
  override readonly name = 'CliError'
  readonly trouble: Trouble

  constructor({ cause, ...trouble }: Trouble & { readonly cause?: unknown }) {
    super(trouble.detail, cause === undefined ? {} : { cause })
    this.trouble = trouble
  }
}

export function usageError(detail: string, mend: string | null = null): CliError {
  return new CliError({ code: 'usage', detail, mend, exitCode: 2 })
}

export function notFound(detail: string, mend: string): CliError {
  return new CliError({ code: 'deployment.notFound', detail, mend, exitCode: 4 })
}

/** Anything thrown, as what is told and as an exit code (DESIGN §7). */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof CliError) return error.trouble
  if (error instanceof ApiError || error instanceof ControllerUnreachable) {
    const { code, detail, mend, exitCode } = error
    return { code, detail, mend, exitCode }
  }
  if (error instanceof TagshipError) {
    const { code, message, entry } = error
    return { code, detail: message, mend: entry.mend, exitCode: entry.exitCode }
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return {
      code: 'timeout',
      detail: 'the time given by --timeout is over; what was started goes on',
      mend: 'tagship status shows how far it is.',
      exitCode: 3,
    }
  }
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'internal', detail, mend: 'Please report it.', exitCode: 1 }
}
