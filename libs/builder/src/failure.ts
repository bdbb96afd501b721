/** Why a build came to nothing, in the words of the error catalogue. */
import { formatDuration, formatSize, TagshipError } from '@tagship/domain'
import type { BuildRequest } from '@tagship/engine'
import type { FailedStep } from './transcript.ts'

/** In the engine's own words, or in those of a program of the build. */
const noSpace = /no space left on device/i

/** What ends a build from outside. */
export type Ending = 'canceled' | 'timeout' | 'outOfMemory'

export function earlyEnd(ending: Ending, request: BuildRequest): TagshipError {
  const { app, recipe } = request
  const details = {
    canceled: `the build of ${app} was ended before it was done`,
    timeout: `the build of ${app} was ended after ${formatDuration(recipe.timeout)} (build.timeout)`,
    outOfMemory: `the programs of the build of ${app} needed more than ${formatSize(recipe.memory)} (build.memory)`,
  }
  return new TagshipError(`build.${ending}`, details[ending])
}

/** @param message of the engine, when the build had ended */
export function failedBuild(message: string, step: FailedStep | null, request: BuildRequest): TagshipError {
  const { dockerfile, context } = request.recipe
  const full = [message, ...(step?.lastLines ?? [])].find((text) => noSpace.test(text))
  if (full) return new TagshipError('build.noSpace', shorten(full))
  if (isDockerfileMissing(message)) {
    const where = context === '.' ? '' : ` in the folder ${context}`
    return new TagshipError('build.dockerfileMissing', `there is no ${dockerfile}${where} at the commit`)
  }
  const base = missingBase(message, step)
  if (base) return new TagshipError('build.failed', base)
  if (!step || step.name.startsWith('[internal]')) {
    return new TagshipError('build.failed', `${dockerfile}: ${shorten(message)}`)
  }
  if (lacksSecret(step)) {
    const why = 'it mounts a secret that build.secrets of tagship.yaml does not name'
    return new TagshipError('build.secretMissing', `${dockerfile}, ${step.name}: ${why}`)
  }
  // The engine repeats the whole command, which the step's name has said already.
  const words = /exit code: \d+$/.exec(step.error)?.[0] ?? shorten(step.error)
  return new TagshipError(
    'build.failed',
    [`${dockerfile}, ${step.name}: ${words}`, ...step.lastLines].join('\n'),
  )
}

function isDockerfileMissing(message: string): boolean {
  return /failed to read dockerfile: .*no such file|cannot locate .*dockerfile/i.test(message)
}

/** Without any secret there is no session that BuildKit could ask. */
function lacksSecret({ error }: FailedStep): boolean {
  return /^no active sessions$|^secret \S+ not found/.test(error)
}

/** A sentence on the base image that is not there, or null where that was not it. */
function missingBase(message: string, step: FailedStep | null): string | null {
  const wanted = step && /^\[internal\] load metadata for (\S+)/.exec(step.name)?.[1]
  if (!wanted) return null
  const name = wanted.replace(/^docker\.io\/(library\/)?/, '')
  return [
    `the base image ${name} is not on this machine and cannot be pulled: ${shorten(message)}`,
    `Where the Dockerfile begins with "ARG BASE=${name}" and "FROM $BASE", a build arg of the app (--build-arg BASE=IMAGE) names a local one instead`,
  ].join('\n')
}

/** What BuildKit wraps around the words that matter. */
function shorten(message: string): string {
  return message
    .replace(
      /^(failed to solve( with frontend [\w.]+)?: |failed to create LLB definition: |rpc error: code = \w+ desc = |executor failed running )+/i,
      '',
    )
    .trim()
}
