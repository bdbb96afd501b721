import { parseRepoUrl } from '@tagship/domain'
import { describe, expect, it } from 'vitest'
import { remoteOf } from '../src/access/remote.ts'

const remote = (url: string) => remoteOf(parseRepoUrl(url))

describe('a remote', () => {
  it('keeps credentials out of the address and gives them to that server alone', () => {
    const { address, env } = remote('https://ada:s%40cret@example.com:8443/shop.git')
    expect(address).toBe('https://example.com:8443/shop.git')
    expect(env).toMatchObject({ TAGSHIP_GIT_USER: 'ada', TAGSHIP_GIT_PASSWORD: 's@cret' })
    const keys = Object.entries(env).filter(([name]) => name.startsWith('GIT_CONFIG_KEY_'))
    expect(keys.map(([, key]) => key)).toContain('credential.https://example.com:8443.helper')
  })

  it('takes a lone percent sign as it is, and no line break', () => {
    expect(remote('https://a:50%@example.com/x.git').env.TAGSHIP_GIT_PASSWORD).toBe('50%')
    expect(() => remote('https://a:b%0ahost=evil@example.com/x.git')).toThrow(/line break/)
  })

  it.each([
    ['https://example.com/shop.git', 'https'],
    ['http://example.com/shop.git', 'http:https'],
    ['ssh://git@example.com/shop.git', 'ssh'],
    ['git@example.com:shop.git', 'ssh'],
    ['file:///srv/shop.git', 'file'],
  ])('%s may use no transport but %s', (url, protocols) => {
    const { address, env } = remote(url)
    expect(address).toBe(url)
    expect(env.GIT_ALLOW_PROTOCOL).toBe(protocols)
    expect(env).toMatchObject({ GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', LC_ALL: 'C' })
  })

  it('drops a password that ssh could not use', () => {
    expect(remote('ssh://git:s3cret@example.com/shop.git').address).toBe('ssh://git@example.com/shop.git')
  })

  it('takes over nothing of a git that it may have been started from', () => {
    process.env.GIT_DIR = '/somewhere/else'
    try {
      expect(remote('https://example.com/shop.git').env).not.toHaveProperty('GIT_DIR')
    } finally {
      delete process.env.GIT_DIR
    }
  })
})
