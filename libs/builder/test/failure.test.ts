import { type CommitSha, parseAppName, parseManifest } from '@tagship/domain'
import { expect, test } from 'vitest'
import { failedBuild } from '../src/failure.ts'

const request = {
  app: parseAppName('shop'),
  releaseId: 'r',
  release: 1,
  tag: null,
  commit: 'a'.repeat(40) as CommitSha,
  repository: 'shop',
  context: { path: '/spool/x.tar', sha256: '', bytes: 0 },
  recipe: parseManifest(null).build,
  args: {},
  secrets: {},
  buildKey: 'k',
}

test.each([
  ['failed to solve: rpc error: code = Unknown desc = write /x: no space left on device', null],
  [
    'executor failed running [/bin/sh -c npm ci]: exit code: 1',
    {
      name: '[2/3] RUN npm ci',
      error: 'exit code: 1',
      lastLines: ['npm error ENOSPC: no space left on device'],
    },
  ],
])('a full disk is told as such, whoever met it: %j', (message, step) => {
  const error = failedBuild(message, step, request)
  expect(error.code).toBe('build.noSpace')
  expect(error.message).toMatch(/no space left on device/)
})

test('a step that fails for another reason is the release’s fault', () => {
  const step = { name: '[2/3] RUN false', error: 'exit code: 1', lastLines: ['nothing works'] }
  expect(failedBuild('exit code: 1', step, request).code).toBe('build.failed')
})
