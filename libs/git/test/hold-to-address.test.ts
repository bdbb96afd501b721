import { parseRepoUrl } from '@tagship/domain'
import { networkPolicy } from '@tagship/kit'
import { describe, expect, test } from 'vitest'
import { holdToAddress } from '../src/access/hold-to-address.ts'
import { remoteOf } from '../src/access/remote.ts'

const open = networkPolicy(null)
const held = (text: string, policy = open) => {
  const url = parseRepoUrl(text)
  return holdToAddress(remoteOf(url), url, policy)
}
const settings = (env: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Array.from({ length: Number(env.GIT_CONFIG_COUNT) }, (_, at) => [
      env[`GIT_CONFIG_KEY_${at}`],
      env[`GIT_CONFIG_VALUE_${at}`],
    ]),
  )

describe('a repository address', () => {
  test.each([
    'http://169.254.169.254/latest',
    'https://0xa9fea9fe/x.git',
    'ssh://git@169.254.0.1/x.git',
    'git@169.254.169.254:x.git',
    'http://0.0.0.0:9/x.git',
  ])('%s is refused', async (url) => {
    await expect(held(url)).rejects.toMatchObject({ code: 'repo.refused' })
  })

  test('of a private network is refused where networks are named, and this is none of them', async () => {
    const policy = networkPolicy(['10.1.0.0/16'])
    await expect(held('https://10.2.0.1/x.git', policy)).rejects.toMatchObject({ code: 'repo.refused' })
    await expect(held('http://localhost:9/x.git', policy)).rejects.toMatchObject({ code: 'repo.refused' })
    expect(await held('https://10.1.0.1/x.git', policy)).toMatchObject({ address: 'https://10.1.0.1/x.git' })
  })

  test('is connected to where it was judged, without a detour', async () => {
    const { env } = await held('https://127.0.0.1:8443/x.git')
    expect(settings(env)).toMatchObject({
      'http.curloptResolve': '127.0.0.1:8443:127.0.0.1',
      'http.followRedirects': 'false',
    })
    const ssh = await held('ssh://git@127.0.0.1:2222/x.git')
    expect(ssh.env.GIT_SSH_COMMAND).toMatch(
      / -o HostName=127\.0\.0\.1 -o 'HostKeyAlias=\[127\.0\.0\.1\]:2222'$/,
    )
  })

  test('of a folder, or of a host that has no name here, stays as it is', async () => {
    for (const url of ['file:///srv/git/x.git', 'git@alias.invalid:x.git']) {
      const parsed = parseRepoUrl(url)
      expect(await held(url)).toEqual(remoteOf(parsed))
    }
  })
})
