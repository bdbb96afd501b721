import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectArchive, type Member, readArchive, runCommand, writeArchive } from '../src/index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-archive-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const big = randomBytes(9_000_001)
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

async function* members(): AsyncGenerator<Member> {
  yield { name: 'empty', content: [] }
  yield { name: 'tables/a.ndjson', content: ['{"a":1}\n', '{"b":"ü"}\n'] }
  yield { name: 'git/big.bundle', content: [big.subarray(0, 5), big.subarray(5)] }
}

const write = (path: string, from = members()) =>
  writeArchive(path, from, (facts) => ({ name: 'manifest.json', text: JSON.stringify(facts) }))

describe('an archive', () => {
  it('gives back what was put in, also in parts', async () => {
    const path = join(folder, 'a.tar.gz')
    await write(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['a.tar.gz'])
    const { members: facts, last } = await inspectArchive(path)
    expect(facts).toEqual([
      { name: 'empty', bytes: 0, sha256: sha256('') },
      { name: 'tables/a.ndjson', bytes: 19, sha256: sha256('{"a":1}\n{"b":"ü"}\n') },
      { name: 'git/big.bundle', bytes: big.length, sha256: sha256(big) },
    ])
    expect(last).toEqual({ name: 'manifest.json', text: JSON.stringify(facts) })
    const read: [string, number][] = []
    for await (const { name, content } of readArchive(path)) {
      // The table is not read: that must not move what follows.
      if (name === 'tables/a.ndjson') continue
      const data = Buffer.concat(await Array.fromAsync(content))
      read.push([name, data.length])
      if (name === 'git/big.bundle') expect(data.equals(big)).toBe(true)
    }
    expect(read.map(([name]) => name)).toEqual(['empty', 'git/big.bundle', 'manifest.json'])
  })

  it('is one that tar reads', async () => {
    const path = join(folder, 'b.tar.gz')
    await write(path)
    const { stdout } = await runCommand('tar', ['-tzf', path])
    expect(stdout.trim().split('\n')).toEqual([
      'empty.0000',
      'tables/a.ndjson.0000',
      'git/big.bundle.0000',
      'git/big.bundle.0001',
      'git/big.bundle.0002',
      'manifest.json',
    ])
    const { stdout: text } = await runCommand('tar', ['-xzOf', path, 'tables/a.ndjson.0000'])
    expect(text.trim()).toBe('{"a":1}\n{"b":"ü"}')
  })

  it('leaves what was there where it is not completed', async () => {
    const path = join(folder, 'c.tar.gz')
    await writeFile(path, 'before')
    const failing = (async function* (): AsyncGenerator<Member> {
      yield* members()
      throw new Error('the source is gone')
    })()
    await expect(write(path, failing)).rejects.toThrow('the source is gone')
    expect(await readFile(path, 'utf8')).toBe('before')
    expect(await readdir(folder)).not.toContain('c.tar.gz.part')
  })

  it.each([
    ['cut off in the middle', (path: string) => truncate(path, 4_000_000)],
    ['cut off near the end', (path: string) => stat(path).then(({ size }) => truncate(path, size - 20))],
    ['without its last byte', (path: string) => stat(path).then(({ size }) => truncate(path, size - 1))],
    ['empty', (path: string) => truncate(path, 0)],
    ['something else', (path: string) => writeFile(path, 'not a backup at all')],
    ['changed in one bit', (path: string) => flip(path)],
  ])('is refused where it is %s', async (_what, damage) => {
    const path = join(folder, 'd.tar.gz')
    await write(path)
    await damage(path)
    await expect(inspectArchive(path)).rejects.toMatchObject({ name: 'ArchiveDamaged' })
  })

  async function flip(path: string): Promise<void> {
    const data = await readFile(path)
    data[3_000_000] = (data[3_000_000] ?? 0) ^ 1
    await writeFile(path, data)
  }
})
