/** What an image says about where it comes from. */
import type { AppName } from '@tagship/domain'
import type { BuildRequest } from '@tagship/engine'

export function imageLabels(installation: string, request: BuildRequest): Record<string, string> {
  return {
    'org.opencontainers.image.source': request.repository,
    'org.opencontainers.image.revision': request.commit,
    'org.opencontainers.image.version': request.tag ?? request.commit,
    'org.opencontainers.image.created': new Date().toISOString(),
    'dev.tagship': installation,
    'dev.tagship.role': 'image',
    'dev.tagship.app': request.app,
    'dev.tagship.release': String(request.release),
    'dev.tagship.build-key': request.buildKey,
  }
}

/** The labels that find an image again. */
export function buildKeyLabels(installation: string, app: AppName, buildKey: string): string[] {
  return [`dev.tagship=${installation}`, `dev.tagship.app=${app}`, `dev.tagship.build-key=${buildKey}`]
}

/** Every reference of this installation starts with it. */
export function referencePrefix(installation: string): string {
  return `tagship-${installation}/`
}

/** Keeps the image from being pruned as dangling; nothing is ever started by it. */
export function imageReference(installation: string, request: BuildRequest): string {
  return `${referencePrefix(installation)}${request.app}:v${request.release}`
}
