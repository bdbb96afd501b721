/** Servers that behave badly: nothing hangs past its deadline, nothing reaches a shell, no memory is filled. */
import { existsSync } from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { parseTagName } from '@tagship/domain'
import { sampleRepository } from '@tagship/tests/git'
import { describe, expect, it } from 'vitest'
import { listen, remoteRepository, sha, testFolder, testSource } from './support.ts'

const commit = 'a'.repeat(40)

/** gitprotocol-common(5): four hex digits of length, then that much less four. */
const line = (text: string) => `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`

/** A server of protocol version 2 whose answer to `ls-refs` is `answer`. */
function versionTwo(answer: (response: ServerResponse) => void): RequestListener {
  return (request, response) => {
    request.resume()
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      response.end(
        `${line('# service=git-upload-pack\n')}0000${line('version 2\n')}${line('ls-refs=unborn\n')}${line('fetch=shallow\n')}0000`,
      )
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    answer(response)
  }
}

async function look(listener: RequestListener, listTimeout = 6_000) {
  const { source } = await testSource({ listTimeout })
  const url = await listen(listener)
  const repository = remoteRepository(`${url}/shop.git`)
  const started = performance.now()
  const outcome = await source.listAllTags(repository).then(
    (list) => ({ list, error: null }),
    (error: { code?: string }) => ({ list: null, error: error.code }),
  )
  return { ...outcome, ms: performance.now() - started }
}

const trickle = (response: ServerResponse) => {
  const timer = setInterval(() => response.write('0'), 200)
  response.on('close', () => clearInterval(timer))
}

const cases: [string, RequestListener, RegExp][] = [
  ['says nothing', () => {}, /^git\.unreachable$/],
  ['says one byte at a time', (_, response) => trickle(response.writeHead(200)), /^git\./],
  ['says one byte at a time of its refs', versionTwo(trickle), /^git\./],
  ['hangs up', (request) => void request.socket.destroy(), /^git\.unreachable$/],
  [
    'hangs up in the middle of its refs',
    versionTwo((response) => {
      response.write(line(`${commit} refs/tags/v1\n`).slice(0, 20), () => response.destroy())
    }),
    /^git\./,
  ],
  [
    'redirects for ever',
    (request, response) => void response.writeHead(302, { location: `${request.url}x` }).end(),
    /^git\./,
  ],
  [
    'answers HTML',
    (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html><h1>Log in</h1></html>'),
    /^git\./,
  ],
  ['answers a length that is none', versionTwo((response) => void response.end('zzzzrefs')), /^git\./],
]

describe('a server that behaves badly', () => {
  it.each(cases)('and %s is an error of the catalogue, in time', async (_, listener, code) => {
    const { error, ms } = await look(listener)
    expect(error).toMatch(code)
    expect(ms).toBeLessThan(20_000)
  })

  it('and never ends its list fills no memory', async () => {
    const refs = Array.from({ length: 2_000 }, (_, index) => line(`${commit} refs/tags/v${index}\n`)).join('')
    const before = process.memoryUsage().rss
    const { error, ms } = await look(
      versionTwo((response) => {
        const more = () => {
          while (response.write(refs)) if (response.destroyed) return
        }
        response.on('drain', more)
        more()
      }),
      20_000,
    )
    expect(error).toMatch(/^git\.(tooLarge|unreachable|failed)$/)
    expect(ms).toBeLessThan(40_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6)
  })

  it('and gives refs hostile names runs nothing', async () => {
    const folder = await testFolder()
    const mark = join(folder, 'pwned')
    const names = [
      `$(touch ${mark})`,
      `;touch ${mark}`,
      `\`touch ${mark}\``,
      `--upload-pack=touch ${mark}`,
      '../../x',
    ]
    const { list, error } = await look(
      versionTwo((response) => {
        const refs = names.map((name) => line(`${commit} refs/tags/${name}\n`)).join('')
        response.end(`${refs}${line(`${commit} refs/tags/v1\n`)}0000`)
      }),
    )
    const seen = list?.tags.map(({ name }) => name) ?? []
    expect(error ?? seen.includes(parseTagName('v1'))).toBeTruthy()
    expect(seen.filter((name) => /[$`]|\.\.|^-/.test(name))).toEqual([])
    expect(existsSync(mark)).toBe(false)
  })

  it('and lies about what a tag leads to is found out', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const repository = remoteRepository(sample.url)
    const fetching = source.fetchCommit(repository, sha('b'.repeat(40)), parseTagName('v1'))
    await expect(fetching).rejects.toMatchObject({ code: 'tag.moved' })
    const { source: other } = await testSource({ fetchTimeout: 6_000 })
    const url = await listen(
      versionTwo((response) => void response.end(`${line(`${commit} refs/tags/v1\n`)}0000`)),
    )
    const lied = other.fetchCommit(remoteRepository(`${url}/shop.git`), sha(commit), parseTagName('v1'))
    await expect(lied).rejects.toMatchObject({ code: expect.stringMatching(/^git\./) })
  })
})

describe('a look that shows what it showed before', () => {
  it('says so, and reads no list', async () => {
    const { source } = await testSource()
    await using sample = await sampleRepository()
    await sample.tag('v1')
    const repository = remoteRepository(sample.url)
    const first = await source.lookAtTags(repository, null)
    expect(first.tags).toHaveLength(1)
    expect(await source.lookAtTags(repository, first.print)).toEqual({ print: first.print, tags: null })
    await sample.tag('v2')
    expect((await source.lookAtTags(repository, first.print)).tags).toHaveLength(2)
  })
})
