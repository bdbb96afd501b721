/** One build, from the spooled context to the image digest, with everything that can end it early. */
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { parseImageDigest } from '@tagship/domain'
import type { BuildRequest, BuiltImage, Log } from '@tagship/engine'
import { cancelBuild } from './cancel-build.ts'
import { askEngine, type Scope } from './engine.ts'
import { type Ending, earlyEnd, failedBuild } from './failure.ts'
import { inspectImage, removeImage } from './images.ts'
import { imageLabels, imageReference } from './labels.ts'
import { guardMemory } from './memory-guard.ts'
import { openSecretSession } from './secret-session.ts'
import { type BuildMessage, parseBuildMessage } from './trace.ts'
import { createTranscript } from './transcript.ts'

/** How long the engine may take to end a build that was told to end. */
const endingMs = 15_000

export interface BuildContext extends Scope {
  readonly log: Log | undefined
}

/** @throws build.*, engine.* */
export async function buildImage(
  context: BuildContext,
  request: BuildRequest,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<BuiltImage> {
  const { timeout, memory } = request.recipe
  const id = `tagship-build-${process.pid}-${randomBytes(6).toString('hex')}`
  const connection = new AbortController()
  let answered = false
  let ending: Ending | null = null
  const end = (why: Ending) => {
    if (ending) return
    ending = why
    if (answered) void cancelBuild(context.docker, id).catch(() => connection.abort())
    // The engine knows nothing of the build yet: it is enough to hang up.
    else connection.abort()
  }
  const onAbort = () => end('canceled')
  if (signal.aborted) throw earlyEnd('canceled', request)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => end('timeout'), timeout)
  const guard = guardMemory(id, memory, {
    onExceeded: () => end('outOfMemory'),
    onUnable: (why) => {
      onLine(`memory is not limited in this build: ${why}`)
      context.log?.warn({ app: request.app, why }, 'the memory of a build cannot be limited')
    },
  })

  const transcript = createTranscript(onLine, Object.values(request.secrets))
  let result: BuildMessage | null = null
  try {
    await askEngine(
      `building ${request.app}`,
      async () => {
        for await (const message of streamBuild(context, request, id, connection.signal)) {
          answered = true
          if (message.kind === 'status') transcript.add(message.status)
          else result ??= message
        }
      },
      timeout + endingMs,
    )
  } catch (error) {
    if (!ending) throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    connection.abort()
    await guard.stop()
  }
  return conclude(context, request, {
    ending: guard.exceeded() ? 'outOfMemory' : ending,
    result,
    step: transcript.failedStep(),
  })
}

/** The messages of the build, as the engine sends them. */
async function* streamBuild(
  { docker, installation }: Scope,
  request: BuildRequest,
  id: string,
  abortSignal: AbortSignal,
): AsyncGenerator<BuildMessage> {
  const { recipe, secrets } = request
  using session =
    Object.keys(secrets).length === 0 ? null : await openSecretSession({ docker, installation }, id, secrets)
  const args: Record<string, string> = { ...recipe.args, ...request.args }
  // An `object`, as the client's types know the version only as a string, and with that it opens a session.
  const query: object = {
    version: 2,
    buildid: id,
    t: imageReference(installation, request),
    dockerfile: recipe.dockerfile,
    ...(recipe.target === null ? {} : { target: recipe.target }),
    buildargs: markedArgs(args, id),
    labels: imageLabels(installation, request),
    ...(session ? { session: session.id } : {}),
    abortSignal,
  }
  const stream = await docker.buildImage(request.context.path, query)
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const message = line.trim() === '' ? null : parseBuildMessage(line)
    if (message) yield message
  }
}

/**
 * BuildKit gives `no_proxy` to every program of the build and leaves it out of its cache keys and of the image:
 * a host name that nobody has, in this list, is how the programs of this build are told from all others.
 */
function markedArgs(args: Record<string, string>, id: string): Record<string, string> {
  const name = Object.keys(args).find((key) => key.toLowerCase() === 'no_proxy') ?? 'no_proxy'
  const own = args[name]
  return { ...args, [name]: own ? `${own},${id}` : id }
}

interface Outcome {
  readonly ending: Ending | null
  readonly result: BuildMessage | null
  readonly step: Parameters<typeof failedBuild>[1]
}

async function conclude(scope: Scope, request: BuildRequest, outcome: Outcome): Promise<BuiltImage> {
  const { ending, result, step } = outcome
  const built = result?.kind === 'image' ? await inspectImage(scope, parseImageDigest(result.id)) : null
  if (ending) {
    // An image that came to be all the same must not be found as the outcome of a build that was refused.
    if (built) await removeImage(scope, built.image.digest)
    throw earlyEnd(ending, request)
  }
  if (built) return built.image
  throw failedBuild(result?.kind === 'error' ? result.message : 'the engine named no image', step, request)
}
