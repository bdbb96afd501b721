import { describe, expect, it } from 'vitest'
import { gitError, isDamage, remoteError } from '../src/git-error.ts'
import type { GitResult } from '../src/run-git.ts'

const failed = (stderr: string): GitResult => ({
  exitCode: 128,
  stdout: '',
  stderr,
  timedOut: false,
  truncated: false,
  startError: null,
})

describe('what git says of a remote', () => {
  it.each([
    ["fatal: unable to access 'https://x/': Could not resolve host: x", 'git.unreachable'],
    ["fatal: unable to access 'https://x/': Failed to connect to x port 443", 'git.unreachable'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 503", 'git.unreachable'],
    ["fatal: unable to access 'https://x/': SSL certificate problem: self-signed", 'git.unreachable'],
    [
      'ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote',
      'git.unreachable',
    ],
    ["fatal: could not read Username for 'https://x': terminal prompts disabled", 'git.denied'],
    ["remote: no\nfatal: Authentication failed for 'https://x/'", 'git.denied'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", 'git.denied'],
    ['git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'git.denied'],
    ['Host key verification failed.\nfatal: Could not read from remote repository.', 'git.denied'],
    ["fatal: repository 'https://x/y.git/' not found", 'git.notFound'],
    ['ERROR: Repository not found.\nfatal: Could not read from remote repository.', 'git.notFound'],
    ["fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read", 'git.notFound'],
    ['fatal: write error: No space left on device', 'data.noSpace'],
    ['', 'git.failed'],
  ])('%j is %s', (stderr, code) => {
    expect(remoteError(failed(stderr), 'https://x/y.git').code).toBe(code)
  })

  it('becomes a detail that names the place and the reason, and no password', () => {
    const stderr = "warning: x\nfatal: Authentication failed for 'https://ada:s3cret@example.com/y.git/'\n"
    const error = remoteError(failed(stderr), 'https://example.com/y.git')
    expect(error.message).toBe(
      "https://example.com/y.git: Authentication failed for 'https://example.com/y.git/'",
    )
    expect(String(error.cause)).not.toContain('s3cret')
  })

  it('counts a time-out as unreachable', () => {
    expect(remoteError({ ...failed(''), exitCode: null, timedOut: true }, 'x').code).toBe('git.unreachable')
  })
})

describe('damage', () => {
  it('is seen in what git says of our own repository', () => {
    expect(isDamage(gitError(failed('fatal: not a git repository: x'), 'x'))).toBe(true)
    expect(isDamage(gitError(failed('fatal: packfile x.pack is far too short to be a packfile'), 'x'))).toBe(
      true,
    )
  })

  it('is nothing that a remote or a full disk can cause', () => {
    expect(isDamage(remoteError(failed('fatal: unable to read askpass; could not read Password'), 'x'))).toBe(
      false,
    )
    expect(isDamage(gitError(failed('fatal: write error: No space left on device'), 'x'))).toBe(false)
    expect(isDamage(new Error('fatal: not a git repository'))).toBe(false)
  })
})
