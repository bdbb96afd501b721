import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RestoreReport } from '@tagship/api'
import {
  type AppName,
  defaultTagPolicy,
  parseAppName,
  parseCommitSha,
  parseConfigName,
  parseRepoUrl,
  parseTagName,
} from '@tagship/domain'
import { findPostgres, startPostgres } from '@tagship/embedded'
import { ensureHosted } from '@tagship/git'
import { createLogger, type Member, readArchive, runCommand, writeArchive } from '@tagship/kit'
import { migrate, newSecretKey, openStore, parseSecretKey } from '@tagship/store'
import { sampleRepository } from '@tagship/tests/git'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const controllerMain = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const cliMain = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const log = createLogger('test', 'silent')

// Each starts programs and servers, one after the other.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

let folder: string
/** The data folder of an installation whose controller does not run. */
let old: string
let token: string
let quiet: string
let keyFile: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagship-backup-'))
  old = join(folder, 'old')
  keyFile = join(folder, 'kept.key')
  await writeFile(keyFile, newSecretKey())
  await makeInstallation()
  quiet = join(folder, 'quiet.backup')
  const made = await tagship('backup', quiet, '--data', old)
  if (made.exitCode !== 0) throw new Error(made.stderr)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What a controller leaves behind: rows, repositories, a key; as far as that goes without an engine. */
async function makeInstallation(): Promise<void> {
  await using sample = await sampleRepository()
  const commit = parseCommitSha(await sample.git('rev-parse', 'HEAD'))
  await sample.tag('v1.0.0')
  const postgres = await startPostgres({ folder: old, log })
  await writeFile(join(old, 'secret.key'), await readFile(keyFile), { mode: 0o600 })
  await migrate(postgres.url)
  const secretKey = parseSecretKey(await readFile(keyFile, 'utf8'), keyFile)
  const store = await openStore({ url: postgres.url, log, secretKey })
  token = await store.createToken('admin', 'admin')
  const add = (name: AppName, repoUrl: string | null) =>
    store.createApp({
      ...{
        name,
        hosts: [],
        policy: defaultTagPolicy,
        fromNext: false,
        root: '',
        buildArgs: { A: 'b' },
        runtime: 'docker',
        cluster: null,
        namespace: null,
      },
      repoUrl: repoUrl === null ? null : parseRepoUrl(repoUrl),
    })
  const shop = await add(parseAppName('shop'), null)
  await add(parseAppName('far'), sample.url)
  await add(parseAppName('empty'), null)
  for (const name of ['shop', 'empty', 'removed/gone-1'] as AppName[])
    await ensureHosted(join(old, 'git'), name)
  for (const name of ['shop', 'removed/gone-1']) {
    await sample.push(join(old, 'git', `${name}.git`), 'main', 'v1.0.0')
  }
  const change = { actor: 'anna', reason: null, deploy: false }
  const [color, secret] = [parseConfigName('COLOR'), parseConfigName('TOKEN')]
  await store.changeConfig(shop, { ...change, kind: 'env', values: new Map([[color, 'green']]) })
  await store.changeConfig(shop, {
    ...change,
    kind: 'secret',
    values: new Map([[secret, 's3cret-value']]),
  })
  const what = { kind: 'commit', commit, tag: parseTagName('v1.0.0') } as const
  const asked = { app: shop, trigger: 'manual', actor: 'anna', reason: 'first', what } as const
  const deployment = await store.createDeployment(asked)
  // More than one part of the file holds, and nothing that could be made smaller.
  for (let n = 0; n < 40; n += 1) {
    const line = { at: new Date(), process: null, text: randomBytes(150_000).toString('base64') }
    await store.appendLog(deployment?.id ?? '', 'build', [line])
  }
  await store.appendAudit({ actor: 'anna', action: 'deploy', app: 'shop', outcome: 'done', detail: { what } })
  await store.close()
  await postgres.stop()
}

function tagship(...args: string[]) {
  const env = { HOME: folder, XDG_CONFIG_HOME: folder }
  return runCommand(process.execPath, [cliMain, ...args], { env, timeout: 60_000 })
}

/** `tagship restore` into a folder of its own. */
async function restore(file: string, data: string, args: readonly string[] = ['--key-file', keyFile]) {
  return tagship('restore', file, '--data', data, '--json', ...args)
}

/** The rows of every table in a backup, in an order of their own. */
async function tablesIn(file: string): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  for await (const { name, content } of readArchive(file)) {
    if (!name.startsWith('tables/')) continue
    const text = Buffer.concat(await Array.fromAsync(content)).toString()
    tables[name] = text.split('\n').filter(Boolean).sort()
  }
  return tables
}

/** As somebody does who changes a backup and its checksums. */
async function rewrite(from: string, to: string, change: (manifest: Record<string, unknown>) => object) {
  let manifest = {}
  async function* members(): AsyncGenerator<Member> {
    for await (const { name, content } of readArchive(from)) {
      if (name !== 'manifest.json') yield { name, content }
      else manifest = JSON.parse(Buffer.concat(await Array.fromAsync(content)).toString())
    }
  }
  await writeArchive(to, members(), () => ({ name: 'manifest.json', text: JSON.stringify(change(manifest)) }))
}

describe('a backup', () => {
  it('is one file for its owner, with all that was there', async () => {
    expect((await stat(quiet)).mode & 0o777).toBe(0o600)
    const { stdout } = await runCommand('tar', ['-tzf', quiet])
    expect(stdout).toContain('tables/events.ndjson.0000')
    expect(stdout).toContain('git/shop.bundle.0000')
    expect(stdout).toMatch(/git\/removed\/gone-1\.bundle\.0000/)
    expect(stdout).not.toContain('git/far')
    const tables = await tablesIn(quiet)
    expect(Object.keys(tables)).not.toContain('tables/outbox.ndjson')
    const text = JSON.stringify(tables)
    expect(text).not.toContain(token)
    expect(text).not.toContain('s3cret-value')
    const { stdout: all } = await runCommand('sh', ['-c', `gunzip < ${quiet} | grep -c -a -F -f ${keyFile}`])
    expect(all.trim()).toBe('0')
  })

  it('is not put in the place of another file without being told so', async () => {
    const file = join(folder, 'taken.backup')
    await writeFile(file, 'mine')
    const refused = await tagship('backup', file, '--data', old, '--json')
    expect(refused.exitCode).toBe(2)
    expect(refused.stdout).toContain('backup.exists')
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect((await tagship('backup', file, '--data', old, '--yes')).exitCode).toBe(0)
    expect((await stat(file)).size).toBeGreaterThan(1_000)
  })

  it.each([
    ['a folder that is not there', () => join(folder, 'nowhere', 'a.backup')],
    ['a folder', () => folder],
    ['a folder that nobody may write to', () => '/proc/a.backup'],
  ])('says that it cannot be written to %s', async (_what, path) => {
    const refused = await tagship('backup', path(), '--data', old, '--json')
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout).toContain('backup.notWritable')
  })

  it.runIf(process.getuid?.() === 0)(
    'leaves nothing, and what was there, where the disk is full',
    async () => {
      const disk = join(folder, 'disk')
      await mkdir(disk)
      await runCommand('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
      try {
        const file = join(disk, 'a.backup')
        await writeFile(file, 'before')
        const refused = await tagship('backup', file, '--data', old, '--yes', '--json')
        expect(refused.exitCode).toBe(1)
        expect(refused.stdout).toContain('the disk is full')
        expect(await readFile(file, 'utf8')).toBe('before')
        expect(existsSync(`${file}.part`)).toBe(false)
      } finally {
        await runCommand('umount', [disk])
      }
    },
  )

  it('that is killed leaves the file of before as it was, and the next one goes through', async () => {
    const file = join(folder, 'killed.backup')
    await writeFile(file, 'before')
    const args = [controllerMain, 'backup', '--data', old, '--file', file, '--yes']
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    await expect.poll(() => existsSync(`${file}.part`), { interval: 1, timeout: 30_000 }).toBe(true)
    child.kill('SIGKILL')
    await expect.poll(() => child.signalCode).toBe('SIGKILL')
    expect(await readFile(file, 'utf8')).toBe('before')
    expect((await tagship('backup', file, '--data', old, '--yes')).exitCode).toBe(0)
    expect(existsSync(`${file}.part`)).toBe(false)
  })

  it('has no installation to be of in an empty folder, and makes nothing there', async () => {
    const nowhere = join(folder, 'no-installation')
    const refused = await tagship('backup', join(folder, 'x.backup'), '--data', nowhere, '--json')
    expect(refused.exitCode).toBe(2)
    expect(existsSync(nowhere)).toBe(false)
  })
})

describe('a restore', () => {
  it('brings back every row of every table, and a backup of it is equal', async () => {
    const data = join(folder, 'restored')
    const made = await restore(quiet, data)
    expect(made.stderr + made.stdout).toContain('is whole')
    expect(made.exitCode).toBe(0)
    const report: RestoreReport = JSON.parse(made.stdout)
    expect(report).toMatchObject({ broken: [], settled: [], warnings: [] })
    expect(report.live).toEqual([])

    // The controller does not run: the backup starts Postgres by itself, and ends it again.
    const again = join(folder, 'again.backup')
    expect((await tagship('backup', again, '--data', data)).exitCode).toBe(0)
    expect(await findPostgres(data)).toBeNull()
    const [before, after] = [await tablesIn(quiet), await tablesIn(again)]
    expect(Object.keys(after)).toEqual(Object.keys(before))
    const without = (rows: string[] = [], ...columns: string[]) =>
      rows.map((row) => ({
        ...JSON.parse(row),
        ...Object.fromEntries(columns.map((column) => [column, null])),
      }))
    for (const [name, rows] of Object.entries(before)) {
      const table = name.replace(/^tables\/(.*)\.ndjson$/, '$1')
      // What a restore adds: an event for each app that is there, and that no instance has an address.
      if (table === 'events') {
        expect(after[name]).toEqual(expect.arrayContaining(rows))
        expect(after[name]).toHaveLength(rows.length + 3)
      } else if (table === 'apps') {
        expect(without(after[name], 'event_seq', 'event_hash')).toEqual(
          without(rows, 'event_seq', 'event_hash'),
        )
      } else if (table === 'instances') {
        expect(without(after[name], 'address', 'removed_at')).toEqual(without(rows, 'address', 'removed_at'))
      } else if (table === 'deployments') {
        expect(without(after[name], 'warm_until')).toEqual(without(rows, 'warm_until'))
      } else expect(after[name], name).toEqual(rows)
    }
    for (const name of ['shop', 'empty']) {
      const refs = (at: string) => runCommand('git', [`--git-dir=${at}/git/${name}.git`, 'for-each-ref'])
      expect((await refs(data)).stdout).toBe((await refs(old)).stdout)
    }
    expect(existsSync(join(data, 'git', 'far.git'))).toBe(false)
  })

  it.each([
    [
      'cut off',
      async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2)),
      'backup.damaged',
    ],
    ['changed', flipOneBit, 'backup.damaged'],
    ['empty', (file: string) => truncate(file, 0), 'backup.damaged'],
    ['no backup', (file: string) => writeFile(file, 'hello'), 'backup.damaged'],
    ['not there', (file: string) => rm(file), 'input.invalid'],
  ])('refuses a file that is %s, and makes nothing', async (what, harm, code) => {
    const file = join(folder, 'harmed.backup')
    await writeFile(file, await readFile(quiet))
    await harm(file)
    const data = join(folder, `harmed-${what.replaceAll(' ', '-')}`)
    const refused = await restore(file, data)
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stdout).toContain(code)
    expect(existsSync(data)).toBe(false)
  })

  it.each([
    [
      'of a newer layout',
      (manifest: Record<string, unknown>) => ({ ...manifest, layout: 99 }),
      'database.tooNew',
    ],
    [
      'with a newer schema',
      (manifest: Record<string, unknown>) => ({
        ...manifest,
        migrations: [...(manifest.migrations as string[]), '20991231000000_future'],
      }),
      'database.tooNew',
    ],
    [
      'whose parts were exchanged',
      (manifest: Record<string, unknown>) => ({
        ...manifest,
        members: (manifest.members as object[]).toReversed(),
      }),
      'backup.damaged',
    ],
    [
      'with a repository that would land elsewhere',
      (manifest: Record<string, unknown>) => ({
        ...manifest,
        repositories: [{ name: '../../../tmp/evil', member: null }],
      }),
      'backup.damaged',
    ],
  ])('refuses one %s', async (what, change, code) => {
    const file = join(folder, 'other.backup')
    await rewrite(quiet, file, change)
    const data = join(folder, `other-${what.replaceAll(' ', '-')}`)
    const refused = await restore(file, data)
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout).toContain(code)
    expect(existsSync(data)).toBe(false)
  })

  it('refuses a folder with anything in it, and touches nothing there', async () => {
    const data = join(folder, 'full')
    await mkdir(data)
    await writeFile(join(data, 'precious'), 'mine')
    const refused = await restore(quiet, data)
    expect(refused.exitCode).toBe(2)
    expect(refused.stdout).toContain('restore.notEmpty')
    expect(await readFile(join(data, 'precious'), 'utf8')).toBe('mine')
    expect((await restore(quiet, old)).stdout).toContain('restore.notEmpty')
  })

  it('wants the key of the secrets before it makes anything', async () => {
    const data = join(folder, 'no-key')
    const missing = await restore(quiet, data, [])
    expect(missing.exitCode).toBe(2)
    expect(missing.stdout).toContain('restore.keyMissing')
    const wrong = join(folder, 'wrong.key')
    await writeFile(wrong, Buffer.alloc(32, 7).toString('base64'))
    expect((await restore(quiet, data, ['--key-file', wrong])).stdout).toContain('secret.wrongKey')
    await writeFile(wrong, 'no key')
    expect((await restore(quiet, data, ['--key-file', wrong])).stdout).toContain('secret.keyInvalid')
    expect(existsSync(data)).toBe(false)
  })

  it('that is killed leaves a folder that no controller takes for whole, and is done again', async () => {
    const data = join(folder, 'half')
    const args = [controllerMain, 'restore', '--data', data, '--file', quiet, '--key-file', keyFile]
    const moments = [
      () => existsSync(join(data, 'restoring')),
      () => existsSync(join(data, 'postgres', 'PG_VERSION')),
      () => existsSync(join(data, 'git', 'shop.git')),
    ]
    for (const moment of moments) {
      const child = spawn(process.execPath, args, { stdio: 'ignore' })
      await expect.poll(moment, { interval: 1, timeout: 60_000 }).toBe(true)
      child.kill('SIGKILL')
      await expect.poll(() => child.signalCode, { timeout: 10_000 }).toBe('SIGKILL')
      const up = await tagship('up', '--detach', '--data', data, '--port', '1', '--json')
      expect(up.exitCode).toBe(1)
      expect(up.stdout).toContain('restore.unfinished')
      const backup = await tagship('backup', join(folder, 'h.backup'), '--data', data, '--json')
      expect(backup.stdout).toContain('restore.unfinished')
    }
    const made = await restore(quiet, data)
    expect(made.exitCode).toBe(0)
    expect(existsSync(join(data, 'restoring'))).toBe(false)
    expect(await findPostgres(data)).toBeNull()
  })
})

async function flipOneBit(file: string): Promise<void> {
  const data = await readFile(file)
  const at = Math.floor(data.length / 2)
  data[at] = (data[at] ?? 0) ^ 1
  await writeFile(file, data)
}
