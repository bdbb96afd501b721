/** What one release brings, held against another: commits, files, manifest, config, image. */
import type { ChangesJson, NameChangesJson, ReleaseRefJson } from '@tagship/api'
import { type CommitSha, type ImageDigest, releaseName, type TagName } from '@tagship/domain'
import type { AppRecord } from '@tagship/engine'
import type { ReleaseContent } from '@tagship/store'
import type { ServerDeps } from './handler.ts'
import type { CommitListing, ImageDetail } from './insight.ts'

/** As much of a release as is compared. */
export interface ComparedRelease {
  readonly number: number
  readonly tag: TagName | null
  readonly commit: CommitSha
  readonly imageDigest: ImageDigest | null
  readonly imageBytes: number | null
}

export function refOf({ number, tag, commit }: ComparedRelease): ReleaseRefJson {
  return { name: releaseName(number), tag, commit }
}

/** What cannot be found out now (a mirror without the commit, an engine that is away) is null. */
export async function compareReleases(
  { store, insight }: ServerDeps,
  app: AppRecord,
  base: ComparedRelease | null,
  head: ComparedRelease,
): Promise<ChangesJson> {
  const numbers = [head.number, ...(base ? [base.number] : [])]
  const [commits, contents, before, after] = await Promise.all([
    base && insight.compareCommits(app, base.commit, head.commit),
    store.releaseContents(app.id, numbers),
    base?.imageDigest ? insight.image(base.imageDigest) : null,
    head.imageDigest ? insight.image(head.imageDigest) : null,
  ])
  const contentOf = (release: ComparedRelease | null) =>
    contents.find(({ number }) => number === release?.number) ?? null
  return {
    base: base && refOf(base),
    head: refOf(head),
    added: commits && presentCommits(commits.added),
    undone: commits && presentCommits(commits.undone),
    files: commits && { items: commits.files.items.map((file) => ({ ...file })), total: commits.files.total },
    ...compareContents(contentOf(base), contentOf(head)),
    image: {
      before: base?.imageBytes ?? null,
      after: head.imageBytes,
      layers: before && after && compareLayers(before, after),
    },
  }
}

function presentCommits({ items, total }: CommitListing) {
  const shown = items.map(({ committedAt, ...rest }) => ({ ...rest, committedAt: committedAt.toISOString() }))
  return { items: shown, total }
}

function compareContents(base: ReleaseContent | null, head: ReleaseContent | null) {
  if (!base || !head) return { manifest: null, env: null, secrets: null }
  return {
    manifest: differences(base.manifest, head.manifest),
    env: compareNames(base.env, head.env),
    secrets: compareNames(base.secrets, head.secrets),
  }
}

/** Names only: a value may be nobody's business. */
function compareNames(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): NameChangesJson {
  const [old, fresh] = [Object.keys(before).sort(), Object.keys(after).sort()]
  return {
    added: fresh.filter((name) => !Object.hasOwn(before, name)),
    removed: old.filter((name) => !Object.hasOwn(after, name)),
    changed: fresh.filter((name) => Object.hasOwn(before, name) && before[name] !== after[name]),
  }
}

type Json = ChangesJson['manifest'] extends readonly { before: infer J }[] | null ? J : never

/** By path, as deep as both are objects; a list is one value. */
function differences(before: unknown, after: unknown, path = ''): NonNullable<ChangesJson['manifest']> {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`))
  }
  const [old, fresh] = [toJson(before), toJson(after)]
  return JSON.stringify(old) === JSON.stringify(fresh) ? [] : [{ path, before: old, after: fresh }]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** It was read from a column of JSON. */
function toJson(value: unknown): Json {
  return (value ?? null) as Json
}

/** Layers are one where their content is; where the engine does not tell that, where instruction and size are. */
function compareLayers(before: ImageDetail, after: ImageDetail) {
  const [old, fresh] = [[...before.layers], [...after.layers]]
  const keyOf = ({ digest, createdBy, bytes }: ImageDetail['layers'][number]) =>
    digest ?? `${createdBy} ${bytes}`
  const [oldKeys, freshKeys] = [new Set(old.map(keyOf)), new Set(fresh.map(keyOf))]
  return {
    shared: fresh.filter((layer) => oldKeys.has(keyOf(layer))),
    added: fresh.filter((layer) => !oldKeys.has(keyOf(layer))),
    removed: old.filter((layer) => !freshKeys.has(keyOf(layer))),
  }
}
