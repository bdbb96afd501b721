import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAppName } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleRepository, ensureHosted, listHosted, restoreRepository } from '../src/index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-bundle-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const shop = parseAppName('shop')

async function bundle(name: string, commits: readonly string[] = []): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of bundleRepository(join(folder, 'old'), { name }, commits)) {
    chunks.push(Buffer.from(chunk as Uint8Array))
  }
  const path = join(folder, 'file.bundle')
  await writeFile(path, Buffer.concat(chunks))
  return path
}

describe('a repository that is bundled', () => {
  it('comes back with every ref, and with commits that no ref leads to', async () => {
    await using sample = await sampleRepository()
    const hosted = await ensureHosted(join(folder, 'old'), shop)
    await sample.tag('v1.0.0')
    await sample.tag('v1.1.0', { message: 'annotated' })
    const lost = await sample.commit({ 'lost.txt': 'still here' })
    await sample.push(hosted, 'HEAD:refs/heads/gone', 'v1.0.0', 'v1.1.0', `${lost}~1:refs/heads/main`)
    await sample.push(hosted, ':refs/heads/gone')

    const path = await bundle('shop', [lost])
    await restoreRepository(join(folder, 'new'), { name: 'shop' }, path)

    const at = (place: string) => [`--git-dir=${join(folder, place, 'shop.git')}`]
    const refs = async (place: string) => sample.git(...at(place), 'for-each-ref')
    expect(await refs('new')).toBe(await refs('old'))
    expect((await refs('new')).split('\n')).toHaveLength(3)
    expect(await sample.git(...at('new'), 'show', `${lost}:lost.txt`)).toBe('still here')
    expect(await sample.git(...at('new'), 'fsck', '--no-dangling')).toBe('')
    expect(await listHosted(join(folder, 'new'))).toEqual([{ name: 'shop' }])

    const clone = join(folder, 'clone')
    await sample.git('clone', '--quiet', '--branch', 'v1.0.0', path, clone)
    expect(await readdir(clone)).toContain('README.md')
  })

  it('says so where a commit that is needed is gone', async () => {
    await ensureHosted(join(folder, 'old'), shop)
    await expect(bundle('shop', ['a'.repeat(40)])).rejects.toMatchObject({ code: 'git.failed' })
  })

  it('may be empty, or of an app that was removed', async () => {
    await ensureHosted(join(folder, 'old'), shop)
    await ensureHosted(join(folder, 'old', 'removed'), parseAppName('gone'))
    expect(await listHosted(join(folder, 'old'))).toEqual([{ name: 'shop' }, { name: 'removed/gone' }])
    await restoreRepository(join(folder, 'new'), { name: 'removed/gone' }, null)
    await restoreRepository(join(folder, 'new'), { name: 'shop' }, null)
    expect(await listHosted(join(folder, 'new'))).toEqual([{ name: 'shop' }, { name: 'removed/gone' }])
    expect(await listHosted(join(folder, 'nowhere'))).toEqual([])
  })
})
