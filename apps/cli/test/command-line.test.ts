import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tagship-cli-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Types the line, in a home of its own, with nobody at the terminal. */
function type(
  args: readonly string[],
  { input = '', env = {} as Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, HOME: home, TAGSHIP_URL: 'http://127.0.0.1:9', ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin.end(input)
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr })))
}

describe('what cannot be understood ends with 2, and a hint', () => {
  test.each([
    ['stauts', 'Did you mean status?'],
    ['status --jsn', 'Did you mean --json?'],
    ['app ad shop', 'Did you mean add?'],
    ['deploy', "missing required argument 'app'"],
    ['deploy shop v1 v2', 'too many arguments'],
    ['deploy shop --timeout soon', 'Give a duration'],
    ['deploy shop --wait=forever', 'serving'],
    ['deploy shop v1 --commit abc', 'not both'],
    ['up --port 99999', 'from 1 to 65535'],
    ['app set shop', 'nothing to change'],
    ['app add shop --build-arg BASE', 'NAME=VALUE'],
    ['app remove shop', '--yes'],
    ['env set shop', 'missing required argument'],
    ['env set shop GREETING', 'NAME=VALUE'],
    ['env unset shop', 'missing required argument'],
    ['secret set shop TOKEN=hunter2', 'not given on the command line'],
    ['secret set shop TOKEN --from-file /does/not/exist', 'no such file'],
    ['logs shop --follow --json', 'one JSON document'],
  ])('tagship %s', async (line, hint) => {
    const { exitCode, stdout, stderr } = await type(line.split(' '))
    expect(exitCode).toBe(2)
    expect(stdout + stderr).toContain(hint)
  })
})

test('--wait does not take the tag for its value', async () => {
  expect(await type(['deploy', 'shop', '--wait', 'v1.0.0'])).toMatchObject({ exitCode: 7 })
})

test('with no controller, exit code 7 and what to do', async () => {
  const { exitCode, stdout, stderr } = await type(['status'])
  expect(exitCode).toBe(7)
  expect(stdout).toBe('')
  expect(stderr).toContain('tagship up')
})

test.each([
  [['status', '--json']],
  [['audit', '--json']],
  // Behind a command whose parent has the flag as well.
  [['audit', 'verify', '--json']],
])('%j says what went wrong in the one document on stdout', async (words) => {
  const { exitCode, stdout, stderr } = await type(words)
  expect(exitCode).toBe(7)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'controller.unreachable', exitCode: 7 } })
  expect(stderr).toBe('')
})

test('help is no error, and names every command', async () => {
  const { exitCode, stdout } = await type(['--help'])
  expect(exitCode).toBe(0)
  for (const name of [
    'up',
    'down',
    'demo',
    'doctor',
    'login',
    'app',
    'env',
    'secret',
    'backup',
    'restore',
    'audit',
  ]) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
  }
})

test('down with nothing running is done', async () => {
  expect(await type(['down', '--data', join(home, 'none')])).toMatchObject({ exitCode: 0 })
})

describe('login', () => {
  test('tries the token, keeps it for its owner only, and sends it nowhere else', async () => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('{"items":[],"next":null}')
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      const url = `http://127.0.0.1:${port}`
      expect(await type(['login', url], { input: 'tsp_x\n' })).toMatchObject({ exitCode: 0 })
      const path = join(home, '.config', 'tagship', 'config.json')
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ url, token: 'tsp_x' })
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      await type(['status'], { env: { TAGSHIP_URL: '' } })
      await type(['status'], { env: { TAGSHIP_URL: `http://localhost:${port}` } })
      // A look at the state asks for the apps and for what is missing.
      const kept = Array(3).fill('Bearer tsp_x')
      expect(seen).toEqual([...kept, undefined, undefined])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('keeps nothing where nobody answers', async () => {
    const { exitCode, stderr } = await type(['login', 'http://127.0.0.1:9'], { input: 'tsp_y\n' })
    expect(exitCode).toBe(7)
    expect(stderr).toContain('127.0.0.1:9')
  })
})
