/** What git says when it fails, translated once into the catalogue's words. */
import { type ErrorCode, TagshipError } from '@tagship/domain'
import type { GitResult } from './run-git.ts'

/** In this order: a refusal is followed by "could not read from remote repository" all the same. */
const remoteFailures: readonly { readonly code: ErrorCode; readonly pattern: RegExp }[] = [
  {
    code: 'git.notFound',
    pattern:
      /repository .*not found|does not appear to be a git repository|returned error: 404|project you were looking for could not be found/i,
  },
  {
    code: 'git.denied',
    pattern:
      /authentication failed|could not read (username|password)|permission denied|access denied|returned error: 40[13]|host key verification failed|dubious ownership|transport '.*' not allowed/i,
  },
  {
    code: 'git.unreachable',
    pattern:
      /could not resolve|connection (refused|timed out|reset|closed)|failed to connect|couldn't connect|network is unreachable|no route to host|ssl|certificate|operation too slow|timed out|early eof|hung up|returned error: 5\d\d|empty reply|rpc failed/i,
  },
]

const noMemory = /out of memory|cannot allocate memory/i

const noSpace = /no space left on device/i

const damage =
  /not a git repository|object file .* is empty|is corrupt|bad object|bad (tree|commit|pack|ref|index)|far too short|cannot be mapped|does not match index|index crc|inflate|unable to (read|unpack|parse|find)|missing (blob|tree|commit)|could not (parse|read) |cannot read|invalid sha1|unresolved delta|reference broken|did not send all necessary objects|wrong index|packfile .* (cannot|invalid)|failed to read/i

/** The failure of a call to the remote at `place` (its address without credentials). */
export function remoteError(result: GitResult, place: string): TagshipError {
  const found = remoteFailures.find(({ pattern }) => pattern.test(result.stderr))
  if (result.timedOut) return failure('git.unreachable', `${place} did not answer in time`, result)
  if (noMemory.test(result.stderr)) {
    return failure('git.tooLarge', `${place} answers with more than there is memory for`, result)
  }
  if (!found) return gitError(result, place)
  return failure(found.code, `${place}: ${tellingLine(result.stderr, found.pattern)}`, result)
}

/** The failure of a call on a repository of our own; `place` names it. */
export function gitError(result: GitResult, place: string): TagshipError {
  if (result.startError) {
    return failure('git.failed', `git cannot be started (${result.startError}): is it installed?`, result)
  }
  if (result.timedOut) return failure('git.failed', `${place}: git took too long and was ended`, result)
  if (noSpace.test(result.stderr)) {
    return failure('data.noSpace', `${place}: ${tellingLine(result.stderr, noSpace)}`, result)
  }
  return failure('git.failed', `${place}: ${tellingLine(result.stderr, /^(fatal|error): /)}`, result)
}

/** Whether the error comes of a repository on our disk that is broken or half made. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof TagshipError) || error.code !== 'git.failed') return false
  return error.cause instanceof Error && damage.test(error.cause.message)
}

function failure(code: ErrorCode, detail: string, result: GitResult): TagshipError {
  return new TagshipError(code, detail, { cause: new Error(withoutCredentials(result.stderr)) })
}

function tellingLine(stderr: string, pattern: RegExp): string {
  const lines = withoutCredentials(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const line =
    lines.find((candidate) => pattern.test(candidate)) ?? lines.at(-1) ?? 'git failed without a word'
  return line.replace(/^(fatal|error): /, '').slice(0, 500)
}

/** git leaves passwords out by itself; this holds for what a server or a helper may say, too. */
function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s@]+@/g, '://')
}
