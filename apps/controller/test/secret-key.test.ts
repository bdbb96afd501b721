import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSecretKey, parseSecretKey } from '@tagship/store'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DataFolder, openDataFolder } from '../src/data-folder.ts'
import { secretKeyOf } from '../src/secret-key.ts'

let data: DataFolder
beforeEach(async () => {
  data = await openDataFolder(await mkdtemp(join(tmpdir(), 'tagship-key-')))
})
afterEach(() => rm(data.path, { recursive: true, force: true }))

test('is made once, for its owner only, and found again', async () => {
  const first = await secretKeyOf(null, data)
  expect((await secretKeyOf(null, data)).id).toBe(first.id)
  expect((await stat(join(data.path, 'secret.key'))).mode & 0o777).toBe(0o600)
  expect(await readdir(data.path)).toEqual(['secret.key'])
})

test('what a crash left half-written is not taken for the key', async () => {
  await writeFile(join(data.path, 'secret.key.new'), 'ab')
  await secretKeyOf(null, data)
  expect(await readdir(data.path)).toEqual(['secret.key'])
})

test('from the environment it is not written down', async () => {
  const given = newSecretKey()
  expect((await secretKeyOf(given, data)).id).toBe(parseSecretKey(given, 'x').id)
  expect(await readdir(data.path)).toEqual([])
})

test('a file that holds no key is told by its path, and stays as it is', async () => {
  const path = join(data.path, 'secret.key')
  await writeFile(path, 'not a key')
  await expect(secretKeyOf(null, data)).rejects.toMatchObject({
    code: 'secret.keyInvalid',
    message: expect.stringContaining(path),
  })
  expect(await readFile(path, 'utf8')).toBe('not a key')
})
