import { TagshipError } from '@tagship/domain'
import { expect, test } from 'vitest'
import { maintenance } from '../src/maintain.ts'
import type { Ports } from '../src/ports.ts'

/** Builds that nobody wants, and images by build key: some of them released. */
function portsWith(
  builds: { releaseId: string; buildKey: string | null }[],
  released: string[],
  away = false,
) {
  const done: string[] = []
  const ports = {
    places: {},
    store: {
      unwantedBuilds: async () => builds.map((build) => ({ ...build, app: 'shop' })),
      isReleased: async (digest: string) => released.includes(digest),
      endUnwantedBuild: async (id: string) => void done.push(`end ${id}`),
    },
    builder: {
      find: async (_app: string, key: string) => {
        if (away) throw new TagshipError('engine.unavailable', 'gone')
        return key === 'never built' ? null : { digest: `image of ${key}` }
      },
      remove: async (digest: string) => {
        if (digest === 'image of stuck') throw new TagshipError('engine.failed', 'no')
        done.push(`remove ${digest}`)
      },
    },
  }
  return { ports: ports as unknown as Ports, done }
}

test('what an unwanted build has left is removed before the build ends, but for the image of a release', async () => {
  const builds = [
    { releaseId: '1', buildKey: 'a' },
    { releaseId: '2', buildKey: 'b' },
    { releaseId: '3', buildKey: 'never built' },
    { releaseId: '4', buildKey: null },
  ]
  const { ports, done } = portsWith(builds, ['image of b'])
  await maintenance.builds(ports)
  expect(done).toEqual(['remove image of a', 'end 1', 'end 2', 'end 3', 'end 4'])
})

test('an image that cannot be removed keeps no other build waiting', async () => {
  const builds = [
    { releaseId: '1', buildKey: 'stuck' },
    { releaseId: '2', buildKey: 'a' },
  ]
  const { ports, done } = portsWith(builds, [])
  await expect(maintenance.builds(ports)).rejects.toMatchObject({ code: 'engine.failed' })
  expect(done).toEqual(['remove image of a', 'end 2'])
})

test('an unwanted build does not end while nobody can say what it has left', async () => {
  const { ports, done } = portsWith([{ releaseId: '1', buildKey: 'a' }], [], true)
  await expect(maintenance.builds(ports)).rejects.toMatchObject({ code: 'engine.unavailable' })
  expect(done).toEqual([])
})
