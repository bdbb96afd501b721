/** An immutable, numbered triple: commit + image digest + revision (DESIGN §1). */
import { createHash } from 'node:crypto'
import { canonicalJson } from './event.ts'
import type { Manifest } from './manifest.ts'
import type { CommitSha } from './names.ts'

/** `12` → `v12`. */
export function releaseName(number: number): string {
  return `v${number}`
}

/** `v12` → 12, null for anything else. */
export function parseReleaseName(text: string): number | null {
  const match = /^v([1-9]\d{0,8})$/.exec(text)
  return match ? Number(match[1]) : null
}

/**
 * What an image is made from, as one SHA-256 (hex): equal keys give the same image, so that a second
 * build is never needed.
 */
export function buildKey(
  commit: CommitSha,
  build: Manifest['build'],
  appArgs: Readonly<Record<string, string>>,
): string {
  const { dockerfile, context, target, args, secrets } = build
  const recipe = {
    commit,
    dockerfile,
    context,
    target,
    args: { ...args, ...appArgs },
    ...(secrets.length > 0 ? { secrets } : {}),
  }
  return createHash('sha256').update(canonicalJson(recipe)).digest('hex')
}
