import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeploymentJson } from '@tagship/api'
import { runCommand } from '@tagship/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sampleRepository } from '../support/git.ts'
import { freePort, type Installation, launcher, startInstallation } from '../support/installation.ts'
import { localBase, quickManifest, type SampleApp, sampleApp } from '../support/sample-app.ts'

const oneReplica = quickManifest.replace('replicas: 2', 'replicas: 1')
const impatient = oneReplica.replace('deadline: 10s', 'deadline: 1s')
const server = (body: string) => `require('node:http').createServer((q, a) => { ${body} }).listen(8080)\n`
const scripts = (text: string) => ({
  'server.cjs': text,
  Dockerfile: dockerfile('CMD ["node", "server.cjs"]'),
})
const dockerfile = (end: string) => `ARG BASE\nFROM \${BASE}\nWORKDIR /app\nCOPY . .\nUSER 1000\n${end}\n`

interface Case {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
  readonly code: string
  readonly says: RegExp
}

/** What can be wrong at a tag, the code that it gets, and the words that help. */
const cases: readonly Case[] = [
  { what: 'no Dockerfile', files: { Dockerfile: '' }, code: 'build.dockerfileMissing', says: /Dockerfile/ },
  {
    what: 'a Dockerfile that fails',
    files: { Dockerfile: dockerfile('RUN echo it broke here && exit 7') },
    code: 'build.failed',
    says: /it broke here/,
  },
  {
    what: 'a build that hangs',
    files: {
      Dockerfile: dockerfile('RUN sleep 600'),
      'tagship.yaml': `build: { timeout: 3s }\n${oneReplica}`,
    },
    code: 'build.timeout',
    says: /3/,
  },
  {
    what: 'a base image that is nowhere',
    files: { Dockerfile: 'FROM localhost:1/nothing:1\n' },
    code: 'build.failed',
    says: /nothing/,
  },
  {
    what: 'an image that exits at once',
    files: scripts("console.error('my last words'); process.exit(9)\n"),
    code: 'instance.exited',
    says: /code 9[\s\S]*my last words/,
  },
  {
    what: 'a command that is not there',
    files: { Dockerfile: dockerfile('CMD ["/app/nothing"]') },
    code: 'instance.exited',
    says: /exec \/app\/nothing failed/,
  },
  {
    what: 'a process that never listens',
    files: { ...scripts('setInterval(() => {}, 1000)\n'), 'tagship.yaml': impatient },
    code: 'instance.notListening',
    says: /8080/,
  },
  {
    what: 'a process on the wrong port',
    files: { ...scripts(server('a.end()').replace('8080', '3000')), 'tagship.yaml': impatient },
    code: 'instance.notListening',
    says: /3000/,
  },
  {
    what: 'an answer of 500',
    files: { ...scripts(server('a.statusCode = 500; a.end()')), 'tagship.yaml': impatient },
    code: 'instance.unhealthy',
    says: /500/,
  },
  {
    what: 'an answer after the deadline',
    files: { ...scripts(server('setTimeout(() => a.end(), 5000)')), 'tagship.yaml': impatient },
    code: 'instance.unhealthy',
    says: /./,
  },
  {
    what: 'a process that fills its memory',
    files: {
      ...scripts('const all = []; setInterval(() => all.push(Buffer.alloc(8e6, 1)), 5)\n'),
      'tagship.yaml': oneReplica.replace('memory: 256m', 'memory: 64m'),
    },
    code: 'instance.outOfMemory',
    says: /memory/,
  },
  {
    what: 'an unknown key',
    files: { 'tagship.yaml': 'processes: { web: { prot: 80 } }\n' },
    code: 'manifest.invalid',
    says: /tagship\.yaml:1 processes\.web\.prot.*did you mean "port"/,
  },
  {
    what: 'a wrong type',
    files: { 'tagship.yaml': 'processes: { web: { replicas: many } }\n' },
    code: 'manifest.invalid',
    says: /processes\.web\.replicas/,
  },
  {
    what: 'a port out of range',
    files: { 'tagship.yaml': 'processes: { web: { port: 99999 } }\n' },
    code: 'manifest.invalid',
    says: /1 to 65535/,
  },
  {
    what: 'a release command that fails',
    files: {
      'tagship.yaml': `release: { command: [node, -e, "console.log('no such table'); process.exit(4)"] }\n${oneReplica}`,
    },
    code: 'release.commandFailed',
    says: /code 4[\s\S]*no such table/,
  },
]

describe('what is wrong at a tag', () => {
  let at: Installation
  let shop: SampleApp

  beforeAll(async () => {
    at = await startInstallation()
    shop = await sampleApp(oneReplica)
    await at.json(['app', 'add', 'shop', '--build-arg', await localBase()])
    await shop.version('1.0.0')
    expect((await at.push('shop', shop, 'main', 'v1.0.0')).stderr).toContain('serves at')
  })
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
    await at?.[Symbol.asyncDispose]()
  })

  it.each(cases.map((one, index) => [one.what, one, index] as const))(
    '%s',
    async (_, { files, code, says }, index) => {
      const version = `1.1.${index}`
      await shop.version(version, files)
      if (files.Dockerfile === '') {
        await shop.git('rm', '--quiet', 'Dockerfile')
        await shop.commit({}, 'Without')
        await shop.git('tag', '--force', `v${version}`)
      }
      const pushed = await at.push('shop', shop, '--force', 'main', `v${version}`)
      expect(pushed.exitCode).toBe(0)
      expect(pushed.stderr).toContain(code)

      const failed = await at.json<DeploymentJson>(['deploy', 'shop', `v${version}`], 1)
      expect(failed).toMatchObject({ state: 'failed', servingAt: null, failure: { code } })
      expect(failed.failure?.message).toMatch(says)
      expect(await at.fetch('shop.localhost')).toMatchObject({ status: 200, version: '1.0.0' })
      await shop.git('reset', '--quiet', '--hard', 'v1.0.0')
    },
  )

  it.each([
    ['a tag that is not there', ['deploy', 'shop', 'v7.7.7'], 4, /tag\.notFound/],
    ['a tag with a space', ['deploy', 'shop', 'v1 0'], 2, /space or a control character/],
    ['a tag with a quote', ['deploy', 'shop', 'v1"'], 2, /tag\.invalid/],
    ['a tag with a newline', ['deploy', 'shop', 'v1\n'], 2, /control characters/],
    [
      'a tag that looks like an option',
      ['deploy', 'shop', '--', '--upload-pack=touch /tmp/x'],
      2,
      /tag\.invalid/,
    ],
    ['a tag of 200 characters', ['deploy', 'shop', 'v'.repeat(200)], 2, /tag\.invalid/],
    ['an app that is not there', ['status', 'nobody'], 4, /app\.notFound/],
    ['an app name that is not allowed', ['app', 'add', 'My App'], 2, /name\.invalid/],
    [
      'a host twice',
      ['app', 'add', 'two', '--host', 'a.localhost', '--host', 'a.localhost'],
      2,
      /given twice/,
    ],
    ['a host that is none', ['app', 'add', 'two', '--host', 'http://a'], 2, /host\.invalid/],
    ['a range that is none', ['app', 'add', 'two', '--tags', 'newest'], 2, /tagRange\.invalid/],
    ['a repository URL that is none', ['app', 'add', 'two', '--repo', 'ext::sh -c id'], 2, /repo\.invalid/],
    ['a command that is not there', ['deplyo'], 2, /deploy/],
    ['a flag that is not there', ['status', '--jsno'], 2, /json/],
    ['promoting what does not wait', ['promote', 'shop'], 4, /no deployment/i],
  ] as const)('%s is refused', async (_, args, exitCode, says) => {
    const outcome = await at.tagship(...args)
    expect(outcome.stderr).toMatch(says)
    expect(outcome.exitCode).toBe(exitCode)
  })

  it('a repository that does not exist, and one that is empty', async () => {
    await at.json(['app', 'add', 'gone', '--repo', 'file:///nowhere/at/all'])
    expect(await at.tagship('deploy', 'gone', 'v1.0.0')).toMatchObject({ exitCode: 4 })
    await using empty = await sampleRepository()
    await at.json(['app', 'add', 'empty', '--repo', empty.url])
    const outcome = await at.tagship('deploy', 'empty')
    expect(outcome.exitCode).toBe(4)
    expect(outcome.stderr).toContain('no tag was pushed yet')
  })

  it('a port that is taken, and a data folder that cannot be', async () => {
    const taken = await freePort()
    const other = createServer().listen(taken, '127.0.0.1')
    try {
      const outcome = await at.tagship('up', '--detach', '--data', `${at.data}-2`, '--port', `${taken}`)
      expect(outcome.exitCode).toBe(1)
      expect(outcome.stderr).toContain('port.taken')
      expect(outcome.stderr).toContain(`${taken}`)
    } finally {
      other.close()
    }
    const folder = await at.tagship('up', '--detach', '--data', '/dev/null/data')
    expect(folder.exitCode).toBe(1)
    expect(folder.stderr).toContain('data.notWritable')
  })

  it('an engine that is not there', async () => {
    const outcome = await runCommand(launcher, ['up', '--detach', '--data', `${at.data}-no-engine`], {
      env: { ...at.env, DOCKER_HOST: `unix://${at.data}/no.sock` },
    })
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toContain(`No Docker Engine answers at DOCKER_HOST=unix://${at.data}/no.sock`)
    expect(existsSync(`${at.data}-no-engine`)).toBe(false)
  })

  it('a disk that is full, and nothing is left running', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can make a small disk')
    const folder = await mkdtemp(join(tmpdir(), 'tagship-full-'))
    const disk = ['--types', 'tmpfs', '--options', 'size=6m,mode=755', 'tmpfs', folder]
    expect((await runCommand('mount', disk)).exitCode).toBe(0)
    try {
      const data = join(folder, 'data')
      const ports = ['--port', `${await freePort()}`, '--http-port', `${await freePort()}`]
      const outcome = await at.tagship('up', '--detach', '--data', data, ...ports)
      expect(outcome.stderr).toContain('No space left on device')
      expect(outcome.stderr).toContain('database.unavailable')
      expect(outcome.exitCode).toBe(7)
      const { stdout } = await runCommand('docker', [
        'ps',
        '--all',
        '--format',
        '{{.Names}} {{.Mounts}}',
        '--no-trunc',
      ])
      expect(stdout).not.toContain(folder)
    } finally {
      // Refused while anything that was started still has a file open there.
      expect((await runCommand('umount', [folder])).stderr).toBe('')
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('a token that is missing, and one that is wrong', async () => {
    for (const authorization of [undefined, 'Bearer tsp_wrong']) {
      const answer = await fetch(`${at.url}/api/v1/apps`, { headers: authorization ? { authorization } : {} })
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: authorization ? 'auth.invalid' : 'auth.missing' })
    }
  })
})
