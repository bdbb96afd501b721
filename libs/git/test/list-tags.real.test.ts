import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it } from 'vitest'
import { ensureHosted } from '../src/index.ts'
import { hostedRepository, listen, remoteRepository, shop, testFolder, testSource } from './support.ts'

const hostileNames = ['--upload-pack=id', "v'1", 'v"1', '$(id)', '`id`', 'v;id', 'x'.repeat(200)]
const refusedNames = hostileNames.filter((name) => name !== 'v;id')

describe('the tags of a repository', () => {
  it.each(['remote', 'hosted'])('are listed with their commits (%s)', async (kind) => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    const first = await sample.git('rev-parse', 'HEAD')
    await sample.tag('v1.0.0')
    const second = await sample.commit({ 'a.txt': 'a' })
    const annotated = await sample.tag('v1.1.0', { message: 'One' })
    const nested = await sample.tag('nested', { at: 'v1.1.0', message: 'A tag of a tag' })
    const repository = kind === 'hosted' ? hostedRepository : remoteRepository(sample.url)
    if (kind === 'hosted') await sample.push(await ensureHosted(folder, shop), '--tags')

    const tags = await source.listTags(repository)
    expect(tags.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'nested', refSha: nested, commit: second, annotated: true },
      { name: 'v1.0.0', refSha: first, commit: first, annotated: false },
      { name: 'v1.1.0', refSha: annotated, commit: second, annotated: true },
    ])
  })

  it.each(['remote', 'hosted'])('are none in an empty repository (%s)', async (kind) => {
    const { source, folder } = await testSource()
    const path = await ensureHosted(folder, shop)
    const repository = kind === 'hosted' ? hostedRepository : remoteRepository(pathToFileURL(path).href)
    expect(await source.listTags(repository)).toEqual([])
  })

  it.each(['remote', 'hosted'])('are left out where their names are not allowed (%s)', async (kind) => {
    const { source, folder, log } = await testSource()
    await using sample = await sampleRepository()
    const commit = await sample.git('rev-parse', 'HEAD')
    const path = await ensureHosted(folder, shop)
    await sample.push(path, 'main')
    for (const name of hostileNames) {
      await sample.git(`--git-dir=${path}`, 'update-ref', `refs/tags/${name}`, commit)
    }
    const repository = kind === 'hosted' ? hostedRepository : remoteRepository(pathToFileURL(path).href)

    const { tags, refused } = await source.listAllTags(repository)
    expect(tags.map(({ name }) => name)).toEqual(['v;id'])
    expect(refused.map(({ name }) => name).toSorted()).toEqual(refusedNames.toSorted())
    await source.listTags(repository)
    expect(log.lines).toEqual([expect.stringContaining('tags that cannot be deployed')])
  })

  it('are left out where a server makes up names that git would not allow', async () => {
    const commit = 'a'.repeat(40)
    const url = await listen((request, response) => {
      const refs = `${commit}\trefs/tags/a..b\n${commit}\trefs/tags/v1\n${commit}\trefs/tags/q"q\n`
      response.writeHead(request.url?.startsWith('/shop.git/info/refs') ? 200 : 404).end(refs)
    })
    const { source } = await testSource()
    const { tags, refused } = await source.listAllTags(remoteRepository(`${url}/shop.git`))
    expect(tags.map(({ name }) => name)).toEqual(['v1'])
    expect(refused.map(({ name }) => name)).toEqual(['a..b', 'q"q'])
  })

  it('are left out where a hosted one points at a blob or a tree', async () => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    await sample.tag('on-blob', { at: 'HEAD:README.md' })
    await sample.tag('on-tree', { at: 'HEAD^{tree}', message: 'A tree' })
    await sample.tag('on-tag-of-blob', { at: 'on-blob', message: 'A blob' })
    await sample.push(await ensureHosted(folder, shop), '--tags')
    const { tags, refused } = await source.listAllTags(hostedRepository)
    expect(tags).toEqual([])
    expect(refused.map(({ name, reason }) => `${name}: ${reason}`).toSorted()).toEqual([
      'on-blob: it points at a blob, not at a commit',
      'on-tag-of-blob: it points at a blob, not at a commit',
      'on-tree: it points at a tree, not at a commit',
    ])
  })

  it.each(['remote', 'hosted'])('may be 100,000 (%s)', async (kind) => {
    const { source, folder } = await testSource()
    await using sample = await sampleRepository()
    const commit = await sample.git('rev-parse', 'HEAD')
    const path = await ensureHosted(folder, shop)
    await sample.push(path, 'main')
    const names = Array.from({ length: 100_000 }, (_, index) => `refs/tags/v1.0.${index}`).toSorted()
    const lines = names.map((name) => `${commit} ${name}\n`)
    await appendFile(
      join(path, 'packed-refs'),
      `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`,
    )
    const repository = kind === 'hosted' ? hostedRepository : remoteRepository(pathToFileURL(path).href)
    expect(await source.listTags(repository)).toHaveLength(100_000)
  })
})

describe('a repository that cannot be listed', () => {
  it('is not found where it does not exist', async () => {
    const { source } = await testSource()
    const folder = await testFolder()
    const missing = remoteRepository(pathToFileURL(join(folder, 'missing.git')).href)
    await expect(source.listTags(missing)).rejects.toMatchObject({
      code: 'git.notFound',
      message: expect.stringContaining('missing.git'),
    })
    await expect(source.listTags(hostedRepository)).rejects.toMatchObject({ code: 'git.notFound' })
    const url = await listen((_, response) => response.writeHead(404).end())
    await expect(source.listTags(remoteRepository(`${url}/x.git`))).rejects.toMatchObject({
      code: 'git.notFound',
    })
  })

  it('is denied where a password is needed, or is wrong, and the error does not tell it', async () => {
    const seen: (string | undefined)[] = []
    const url = await listen((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    const { source } = await testSource()
    await expect(source.listTags(remoteRepository(`${url}/x.git`))).rejects.toMatchObject({
      code: 'git.denied',
    })
    const withPassword = remoteRepository(`${url.replace('//', '//ada:s3cret@')}/x.git`)
    const error = await source.listTags(withPassword).catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code: 'git.denied', message: expect.stringContaining(`${url}/x.git`) })
    expect(seen.at(-1)).toBe(`Basic ${Buffer.from('ada:s3cret').toString('base64')}`)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('s3cret')
    if (error instanceof Error) expect(String(error.cause)).not.toContain('s3cret')
  })

  it('is unreachable where nobody listens, or nobody answers', async () => {
    const { source } = await testSource({ listTimeout: 1_000 })
    const silent = await listen(() => {})
    const started = performance.now()
    for (const url of ['http://127.0.0.1:1/x.git', 'ssh://git@127.0.0.1:1/x.git', `${silent}/x.git`]) {
      await expect(source.listTags(remoteRepository(url))).rejects.toMatchObject({ code: 'git.unreachable' })
    }
    // The helper that git had started to wait for the server went with it.
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  it('is not reached by way of another protocol', async () => {
    const { source } = await testSource()
    const url = await listen((_, response) =>
      response.writeHead(302, { location: 'ftp://127.0.0.1:1/x.git/info/refs' }).end(),
    )
    await expect(source.listTags(remoteRepository(`${url}/x.git`))).rejects.toMatchObject({
      code: expect.stringMatching(/^git\./),
    })
  })

  it('does not go to another server that it is sent to', async () => {
    const seen: (string | undefined)[] = []
    const other = await listen((request, response) => {
      seen.push(request.url)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    const url = await listen((request, response) => {
      if (request.headers.authorization)
        return response.writeHead(302, { location: other + request.url }).end()
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    const { source } = await testSource()
    const withPassword = remoteRepository(`${url.replace('//', '//ada:s3cret@')}/x.git`)
    await expect(source.listTags(withPassword)).rejects.toMatchObject({ code: 'git.failed' })
    expect(seen).toEqual([])
  })
})
