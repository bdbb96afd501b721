import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAppName } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { expect, test } from 'vitest'
import { ensureHosted, mendHosted } from '../src/index.ts'

test('what a power cut leaves of a hosted repository is put right', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-hosted-'))
  await using repository = await sampleRepository({ files: { 'README.md': 'sample\n' } })
  try {
    const app = parseAppName('shop')
    const gitDir = await ensureHosted(folder, app)
    const push = (...refs: string[]) => repository.git('push', '--quiet', gitDir, ...refs)
    await repository.tag('v1.0.0')
    await push('main', 'v1.0.0')

    await Promise.all(['HEAD', 'refs/tags/v1.0.0'].map((name) => writeFile(join(gitDir, name), '')))
    await expect(push('v1.0.0')).rejects.toThrow()
    await mendHosted(folder, app)
    await push('main', 'v1.0.0')
    expect(await readFile(join(gitDir, 'refs/tags/v1.0.0'), 'utf8')).toMatch(/^[0-9a-f]{40}\n$/)
    expect(await readFile(join(gitDir, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
