/** What several routes can answer. */

export const toDeployErrors = [
  'tag.invalid',
  'tag.notFound',
  'tag.noneChosen',
  'tag.notACommit',
  'tag.moved',
  'signature.refused',
] as const
export const gitErrors = [
  'repo.refused',
  'git.unreachable',
  'git.denied',
  'git.notFound',
  'git.failed',
] as const
