import { parseTagName } from '@tagship/domain'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseForEachRef, parseLsRemote, tagList } from '../src/tag-refs.ts'

const sha = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex'))

const goodName = fc
  .stringMatching(/^[a-z0-9][a-z0-9_+/-]{0,20}[a-z0-9]$/)
  .filter((name) => !name.includes('//'))

const someTags = fc.uniqueArray(
  fc.record({ name: goodName, refSha: sha, peeled: fc.option(sha, { nil: null }) }),
  { selector: ({ name }) => name },
)

describe('the output of ls-remote', () => {
  it('gives every tag with its commit, whatever the order and the line ends', () => {
    const noise = ['From https://example.com/shop.git', `${'a'.repeat(40)}\tHEAD`, '', 'warning: whatever']
    fc.assert(
      fc.property(
        someTags,
        fc.constantFrom('\n', '\r\n'),
        fc.infiniteStream(fc.nat()),
        (tags, end, order) => {
          const lines = [
            ...noise,
            ...tags.map(({ name, refSha }) => `${refSha}\trefs/tags/${name}`),
            ...tags.flatMap(({ name, peeled }) => (peeled ? [`${peeled}\trefs/tags/${name}^{}`] : [])),
          ]
          const shuffled = lines
            .map((line) => ({ line, key: order.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ line }) => line)
          const { tags: parsed, refused } = parseLsRemote(shuffled.join(end))
          const expected = tags.map(({ name, refSha, peeled }) => ({
            name,
            refSha,
            commit: peeled ?? refSha,
            annotated: peeled !== null,
          }))
          const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
          expect(parsed.toSorted(byName)).toEqual(expected.toSorted(byName))
          expect(refused).toEqual([])
        },
      ),
    )
  })

  it('refuses every name that parseTagName refuses, and loses none', () => {
    const anyName = fc.string({ unit: 'binary', minLength: 1 }).filter((name) => !/[\r\n]|\^\{\}$/.test(name))
    fc.assert(
      fc.property(anyName, sha, (name, refSha) => {
        const { tags, refused } = parseLsRemote(`${refSha}\trefs/tags/${name}\n`)
        expect(tags.length + refused.length).toBe(1)
        const deployable = isDeployable(name) && !name.includes('\ufffd')
        expect(tags.map((tag) => tag.name)).toEqual(deployable ? [name] : [])
        expect(refused.map((tag) => tag.name)).toEqual(deployable ? [] : [name])
      }),
    )
  })

  it('does not fall over whatever a server sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (output) => {
        for (const tag of parseLsRemote(output).tags) expect(tag.commit).toMatch(/^[0-9a-f]{40}$/)
      }),
    )
  })

  it.each(['a b', 'v"1"', "v'1'", '$(id)', '--upload-pack=id', '../../etc', 'x'.repeat(200), 'caf\ufffd'])(
    'says why %j is left out',
    (name) => {
      const { tags, refused } = parseLsRemote(`${'a'.repeat(40)}\trefs/tags/${name}`)
      expect(tags).toEqual([])
      expect(refused[0]?.reason).toMatch(/cannot be deployed|not valid UTF-8/)
    },
  )

  it('names the object format that is not supported', () => {
    const { refused } = parseLsRemote(`${'a'.repeat(64)}\trefs/tags/v1\n`)
    expect(refused).toEqual([{ name: 'v1', reason: expect.stringContaining('SHA-256') }])
  })

  it('takes 100,000 tags in one pass', () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => {
      const digits = index.toString(16).padStart(40, '0')
      return `${digits}\trefs/tags/v1.0.${index}\n${digits}\trefs/tags/v1.0.${index}^{}\n`
    })
    const started = performance.now()
    expect(parseLsRemote(lines.join('')).tags).toHaveLength(100_000)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('the output of for-each-ref', () => {
  it('leaves out what is not a commit', () => {
    const [blob, commit, tag] = ['a', 'b', 'c'].map((digit) => digit.repeat(40))
    const output = `${commit} commit   v1\n${tag} tag ${commit} commit v2\n${blob} blob   v3\n${tag} tag ${blob} tree v4\n`
    const { tags, refused } = tagList(parseForEachRef(output))
    expect(tags).toEqual([
      { name: 'v1', refSha: commit, commit, annotated: false },
      { name: 'v2', refSha: tag, commit, annotated: true },
    ])
    expect(refused).toEqual([
      { name: 'v3', reason: 'it points at a blob, not at a commit' },
      { name: 'v4', reason: 'it points at a tree, not at a commit' },
    ])
  })
})

function isDeployable(name: string): boolean {
  try {
    parseTagName(name)
    return true
  } catch {
    return false
  }
}
