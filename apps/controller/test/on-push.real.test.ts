/** What a pusher is told, with a real repository and a real store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTagName } from '@tagship/domain'
import { type CommandPorts, deployChosen, observeTags } from '@tagship/engine'
import { createGitSource } from '@tagship/git'
import { createLogger } from '@tagship/kit'
import { sampleRepository } from '@tagship/tests/git'
import { expect, onTestFinished, test } from 'vitest'
import { onPush } from '../src/on-push.ts'
import { startApi } from './api-under-test.ts'

const log = createLogger('test', 'silent')

test('who pushes what a poll has found first watches that deployment', async () => {
  await using repository = await sampleRepository({ files: { Dockerfile: 'FROM scratch\n' } })
  await repository.tag('v1.0.0')
  const folder = await mkdtemp(join(tmpdir(), 'tagship-push-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using api = await startApi()
  const { store } = api
  const source = createGitSource({ folder, spoolFolder: join(folder, 'spool'), log })
  const ports = { store, source, log, fault: () => {} } as unknown as CommandPorts & { store: typeof store }
  await api.client().addApp({ body: { name: 'shop', repo: `file://${repository.folder}` } })
  const app = await store.appByName('shop')
  if (!app) throw new Error('the app is not there')
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
