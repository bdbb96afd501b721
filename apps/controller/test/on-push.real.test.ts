/** What a pusher is told, with a real repository and a real store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAppName, parseRepoUrl, parseTagName, parseTagPolicy } from '@tagship/domain'
import { type CommandPorts, deployChosen, observeTags } from '@tagship/engine'
import { createGitSource } from '@tagship/git'
import { createLogger } from '@tagship/kit'
import { newSecretKey, openStore, parseSecretKey } from '@tagship/store'
import { sampleRepository } from '@tagship/tests/git'
import { testDatabase } from '@tagship/tests/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { onPush } from '../src/on-push.ts'

const log = createLogger('test', 'silent')

test('who pushes what a poll has found first watches that deployment', async () => {
  await using repository = await sampleRepository({ files: { Dockerfile: 'FROM scratch\n' } })
  await repository.tag('v1.0.0')
  const folder = await mkdtemp(join(tmpdir(), 'tagship-push-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const database = await testDatabase()
  onTestFinished(() => database.drop())
  const store = await openStore({
    url: database.url,
    log,
    secretKey: parseSecretKey(newSecretKey(), 'the test'),
  })
  onTestFinished(() => store.close())
  await store.listening()
  const source = createGitSource({ folder, spoolFolder: join(folder, 'spool'), log })
  const ports = { store, source, log, fault: () => {} } as unknown as CommandPorts & { store: typeof store }
  const app = await store.createApp({
    name: parseAppName('shop'),
    repoUrl: parseRepoUrl(`file://${repository.folder}`),
    hosts: [],
    policy: parseTagPolicy({}),
    fromNext: false,
    root: '',
    buildArgs: {},
    runtime: 'docker',
    cluster: null,
    namespace: null,
  })
  const found = await deployChosen(ports, app, await observeTags(ports, app), 'tagship')
  if (!found) throw new Error('the poll found nothing')

  const lines: string[] = []
  const gone = new AbortController()
  const say = (line: string) => {
    lines.push(line)
    gone.abort()
  }
  const turn = async () => ({ [Symbol.dispose]: () => {} })
  const { commit } = found
  const tags = [{ name: parseTagName('v1.0.0'), commit, refSha: commit, annotated: false }]
  await onPush(
    ports,
    () => 'http://shop.localhost',
    turn,
    { app: app.name, actor: 'ada', tags },
    say,
    gone.signal,
  )
  expect(lines[0]).toBe('v1.0.0 becomes release v1')
})
