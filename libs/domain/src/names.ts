/**
 * Names that come from outside, parsed into branded types. Whoever holds a branded value may put it
 * into a container's name, a label or an argument array without a second look.
 */
import { TagshipError } from './errors.ts'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

export type AppName = Branded<string, 'AppName'>
export type TagName = Branded<string, 'TagName'>
export type CommitSha = Branded<string, 'CommitSha'>
export type ImageDigest = Branded<string, 'ImageDigest'>
export type HostName = Branded<string, 'HostName'>
export type RepoUrl = Branded<string, 'RepoUrl'>
export type ProcessName = Branded<string, 'ProcessName'>
export type ConfigName = Branded<string, 'ConfigName'>
export type UserName = Branded<string, 'UserName'>
export type TokenName = Branded<string, 'TokenName'>

const appNamePattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/
const actorNamePattern = /^[a-z0-9][a-z0-9._-]{0,38}[a-z0-9]$/
/** The history says of nobody else that it was one of these. */
const reservedActors = ['tagship', 'anonymous', 'none', 'me']
const processNamePattern = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/
const configNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const commitPattern = /^[0-9a-f]{40}$/
const digestPattern = /^sha256:[0-9a-f]{64}$/
const hostLabelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const scpLikeUrlPattern = /^[a-zA-Z0-9._-]+@[a-zA-Z0-9.-]+:[^\s\\:][^\s\\]*$/

/** @throws name.invalid */
export function parseAppName(value: string): AppName {
  if (!appNamePattern.test(value)) {
    throw new TagshipError('name.invalid', `${quote(value)} cannot be the name of an app`)
  }
  return value as AppName
}

/** As a user signs in, and as the history knows them. @throws actor.nameInvalid */
export function parseUserName(value: string): UserName {
  return parseActorName(value, 'a user') as UserName
}

/** @throws actor.nameInvalid */
export function parseTokenName(value: string): TokenName {
  return parseActorName(value, 'a token') as TokenName
}

function parseActorName(value: string, of: string): string {
  if (!actorNamePattern.test(value) || reservedActors.includes(value)) {
    throw new TagshipError('actor.nameInvalid', `${quote(value)} cannot be the name of ${of}`)
  }
  return value
}

/** @throws name.invalid */
export function parseProcessName(value: string): ProcessName {
  if (!processNamePattern.test(value)) {
    throw new TagshipError('name.invalid', `${quote(value)} cannot be the name of a process`)
  }
  return value as ProcessName
}

/** The name of an env value or a secret. @throws config.nameInvalid, config.nameReserved */
export function parseConfigName(value: string): ConfigName {
  if (!configNamePattern.test(value) || value === '__proto__') {
    throw new TagshipError(
      'config.nameInvalid',
      `${quote(value)} cannot be the name of an env value or secret`,
    )
  }
  if (value === 'PORT') {
    throw new TagshipError('config.nameReserved', 'PORT is set from processes.web.port of tagship.yaml')
  }
  if (value.startsWith('TAGSHIP_')) {
    throw new TagshipError('config.nameReserved', `${quote(value)}: Tagship sets what starts with TAGSHIP_`)
  }
  return value as ConfigName
}

/**
 * A tag's short name (`v1.2.3`, not `refs/tags/v1.2.3`): what git-check-ref-format(1) allows, less
 * quotes and a leading dash, at most 128 characters.
 * @throws tag.invalid
 */
export function parseTagName(value: string): TagName {
  const problem = tagNameProblem(value)
  if (problem)
    throw new TagshipError('tag.invalid', `${quote(value)} cannot be deployed as a tag: ${problem}`)
  return value as TagName
}

function tagNameProblem(value: string): string | null {
  if (value.length === 0) return 'it is empty'
  if (value.length > 128) return `it has ${value.length} characters, 128 are allowed`
  if (value.startsWith('-')) return 'it starts with a dash'
  if (/[ \p{Cc}]/u.test(value)) return 'it has a space or a control character'
  if (/["'`$\\~^:?*[]/.test(value)) return 'it has one of " \' ` $ \\ ~ ^ : ? * ['
  if (value.includes('..') || value.includes('@{') || value.includes('//') || value === '@') {
    return 'it has "..", "@{" or "//"'
  }
  const parts = value.split('/')
  if (
    parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock') || part.endsWith('.'))
  ) {
    return 'a part of it is empty, starts or ends with a dot, or ends with .lock'
  }
  return null
}

/** @throws input.invalid */
export function parseCommitSha(value: string): CommitSha {
  if (!commitPattern.test(value)) {
    throw new TagshipError('input.invalid', `${quote(value)} is not a full commit SHA (40 hex digits)`)
  }
  return value as CommitSha
}

/** @throws input.invalid */
export function parseImageDigest(value: string): ImageDigest {
  if (!digestPattern.test(value)) {
    throw new TagshipError('input.invalid', `${quote(value)} is not an image digest (sha256:…)`)
  }
  return value as ImageDigest
}

/** Lower-cases. @throws host.invalid */
export function parseHostName(value: string): HostName {
  const host = value.toLowerCase()
  const labels = host.split('.')
  const valid = host.length <= 253 && labels.every((label) => hostLabelPattern.test(label))
  if (!valid) throw new TagshipError('host.invalid', `${quote(value)} is not a host name`)
  if (labels[0] === 'next' && labels.length > 1) {
    throw new TagshipError('host.invalid', `${quote(value)} starts with "next.", which is kept for previews`)
  }
  return host as HostName
}

/** @throws repo.invalid */
export function parseRepoUrl(value: string): RepoUrl {
  const suspicious = value.startsWith('-') || value.includes('::') || /[ \p{Cc}]/u.test(value)
  const known = ['https:', 'http:', 'ssh:', 'file:'].includes(URL.parse(value)?.protocol ?? '')
  if (suspicious || !(known || scpLikeUrlPattern.test(value))) {
    throw new TagshipError('repo.invalid', `${quote(value)} is not a repository URL that Tagship can use`)
  }
  return value as RepoUrl
}

/** A value from outside, made safe to print: quoted, control characters escaped, at most 80 characters. */
export function quote(value: string): string {
  const text = JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value)
  return text
}
