import { parseManifest } from '@tagship/domain'
import { describe, expect, it } from 'vitest'
import type { Claim } from '../src/index.ts'
import { instanceSpecs, releaseCommandSpec, settleProcesses } from '../src/specs.ts'

const image = (...exposedPorts: number[]) => ({ exposedPorts, hasHealthcheck: false })

const claim = (text: string, liveSlot: 'blue' | 'green' | null = null) =>
  ({
    app: { name: 'shop', liveSlot },
    manifest: parseManifest(text),
    deployment: {
      id: 'id',
      number: 7,
      releaseNumber: 12,
      slot: null,
      imageDigest: `sha256:${'0'.repeat(64)}`,
      commit: 'c'.repeat(40),
      tag: 'v1.0.0',
    },
  }) as unknown as Claim

describe('what instances are made from', () => {
  it('numbers the instances over all processes, and tells each what it is', () => {
    const text = 'processes: { web: { port: 80, replicas: 2 }, worker: { command: [node, w.js], stop: 60s } }'
    const made = claim(text, 'blue')
    const specs = instanceSpecs(made, settleProcesses(parseManifest(text), image()), { GREETING: 'hello' })
    expect(specs.map(({ process, ordinal, slot }) => [process, ordinal, slot])).toEqual([
      ['web', 0, 'green'],
      ['web', 1, 'green'],
      ['worker', 2, 'green'],
    ])
    expect(specs[0]?.env).toEqual({
      GREETING: 'hello',
      PORT: '80',
      TAGSHIP_APP: 'shop',
      TAGSHIP_COMMIT: 'c'.repeat(40),
      TAGSHIP_PROCESS: 'web',
      TAGSHIP_RELEASE: 'v12',
      TAGSHIP_TAG: 'v1.0.0',
    })
    expect(specs[2]).toMatchObject({
      command: ['node', 'w.js'],
      stopMs: 60_000,
      env: { TAGSHIP_PROCESS: 'worker' },
    })
    expect(specs[2]?.env).not.toHaveProperty('PORT')
  })

  it('takes the port of web from the image where the manifest names none', () => {
    expect(settleProcesses(parseManifest(null), image(3000))[0]?.port).toBe(3000)
    expect(settleProcesses(parseManifest('processes: { web: { port: 80 } }'), image(3000))[0]?.port).toBe(80)
  })

  it.each([
    [image(), 'exposes no port'],
    [image(80, 443), 'exposes the ports 80, 443'],
  ])('says when it cannot tell the port', (facts, words) => {
    expect(() => settleProcesses(parseManifest(null), facts)).toThrowError(words)
  })

  it('gives the release command what the processes get, and Tagship’s own names win', () => {
    const env = { GREETING: 'hello', TAGSHIP_APP: 'another' }
    const spec = releaseCommandSpec(claim(''), ['node', 'migrate.js'], env)
    expect(spec.env).toMatchObject({ GREETING: 'hello', TAGSHIP_APP: 'shop', TAGSHIP_RELEASE: 'v12' })
  })
})
