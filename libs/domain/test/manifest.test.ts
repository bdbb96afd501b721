import { describe, expect, it } from 'vitest'
import { parseManifest, TagshipError } from '../src/index.ts'

const problem = (text: string): string => {
  try {
    parseManifest(text)
  } catch (error) {
    expect(error).toBeInstanceOf(TagshipError)
    expect((error as TagshipError).code).toBe('manifest.invalid')
    return (error as TagshipError).message
  }
  throw new Error('the manifest was accepted')
}

describe('tagship.yaml', () => {
  it('stands for one web process when there is none', () => {
    const manifest = parseManifest(null)
    expect(Object.keys(manifest.processes)).toEqual(['web'])
    expect(manifest.processes.web).toMatchObject({ port: null, replicas: 1, drain: 30_000, stop: 10_000 })
    expect(manifest.processes.web?.health).toEqual({
      path: null,
      kind: 'auto',
      interval: 1_000,
      timeout: 2_000,
      status: { from: 200, to: 399 },
      deadline: 60_000,
    })
    expect(manifest.filesystem).toEqual({ readOnly: true, tmpfs: ['/tmp'], volumes: [] })
    expect(manifest.rollout).toMatchObject({ promotion: 'auto', bake: 60_000, keepWarm: 600_000 })
  })

  it('reads the whole example of the design', () => {
    const manifest = parseManifest(`
build:      { dockerfile: Dockerfile, context: ., target: null, args: {}, secrets: [], timeout: 20m, memory: 2g }
processes:
  web:      { command: null, port: 8080, replicas: 2, drain: 30s,
              health: { path: /healthz, interval: 1s, timeout: 2s, status: 200-399, deadline: 60s },
              resources: { memory: 512m, cpu: 1 } }
  worker:   { command: [node, worker.js], replicas: 1, stop: 60s }
release:    { command: [node, migrate.js], timeout: 5m }
rollout:    { promotion: auto, deadline: 10m, bake: 60s, keepWarm: 10m, singleton: false }
filesystem: { readOnly: true, tmpfs: [/tmp], volumes: [] }
`)
    expect(manifest.build).toMatchObject({ timeout: 1_200_000, memory: 2 * 1024 ** 3 })
    expect(manifest.processes.worker).toMatchObject({
      command: ['node', 'worker.js'],
      stop: 60_000,
      port: null,
    })
    expect(manifest.release).toEqual({ command: ['node', 'migrate.js'], timeout: 300_000 })
  })

  it('names an unknown key with its place and the nearest known one', () => {
    expect(problem('processes:\n  web:\n    prot: 80\n')).toBe(
      'tagship.yaml:3 processes.web.prot: unknown key; did you mean "port"?',
    )
    expect(problem('proceses: {}')).toContain('proceses: unknown key; did you mean "processes"?')
    expect(problem('processes: { web: { health: { pth: / } } }')).toContain('did you mean "path"?')
  })

  it.each([
    ['processes: { web: { port: 70000 } }', 'processes.web.port: must be from 1 to 65535'],
    ['processes: { web: { port: "80" } }', 'processes.web.port'],
    ['processes: { web: { replicas: 33 } }', 'processes.web.replicas'],
    ['processes: { a: { replicas: 20 }, b: { replicas: 20 } }', '40 replicas in all; at most 32'],
    ['processes: { Web: {} }', 'processes.Web: is not a process name'],
    ['processes: { web: { drain: 30 } }', 'processes.web.drain'],
    ['processes: { web: { drain: 30x } }', '"30x" is not a duration'],
    ['build: { memory: lots }', '"lots" is not a size'],
    [
      'build: { secrets: [npm-token] }',
      'build.secrets.0: "npm-token" cannot be the name of an env value or secret',
    ],
    ['build: { context: ../secrets }', 'build.context: must be a path inside the repository'],
    ['build: { dockerfile: /etc/passwd }', 'build.dockerfile: must be a path inside the repository'],
    ['processes: { web: { health: { path: healthz } } }', 'must start with /'],
    ['processes: { web: { health: { status: 900 } } }', '"900" is not a status'],
    ['rollout: { promotion: sometimes }', 'rollout.promotion'],
    ['rollout: { singleton: true }', 'singletons are not supported yet'],
    ['filesystem: { volumes: [data] }', 'must be NAME:/path/in/the/container'],
    ['- a\n- b', 'expected object'],
    ['{', 'tagship.yaml'],
  ])('refuses %s', (text, expected) => {
    expect(problem(text)).toContain(expected)
  })

  it('is not taken in by an alias bomb', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((key, index) => {
        const last = String.fromCharCode(97 + index)
        return `${key}: &${key} [${Array(9).fill(`*${last}`).join(',')}]`
      }),
    ].join('\n')
    expect(() => parseManifest(bomb)).toThrowError()
  })
})
