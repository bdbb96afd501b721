/** git-http-backend(1), the CGI program that speaks git's smart HTTP: one child process per request. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Duplex, type Readable } from 'node:stream'
import { localEnvironment } from '../environment.ts'
import { gitError } from '../git-error.ts'
import { localOptions } from '../local.ts'
import { runGit } from '../run-git.ts'
import { stepBack } from '../step-back.ts'
import type { PushAddress } from './address.ts'
import { parseCgiHead } from './cgi-head.ts'

export interface BackendRequest {
  /** Holds the repositories, `APP.git`. */
  readonly folder: string
  readonly address: PushAddress
  readonly actor: string
  /** Bytes of a push at most. */
  readonly pushBytes: number
}

const hooksFolder = join(import.meta.dirname, '../../hooks')

/** Characters of an error log that are kept. */
const errorLogLimit = 4_000

/** A running http-backend. */
export interface Backend {
  /** The socket that the hooks know as descriptor 3. */
  readonly channel: Duplex
  /** Joins the client to it, until both have ended. @returns what it wrote to its error log */
  relay(request: IncomingMessage, response: ServerResponse): Promise<string>
}

/** @throws git.failed where git is not installed */
export async function startBackend(
  backendRequest: BackendRequest,
  request: IncomingMessage,
): Promise<Backend> {
  const program = join(await gitPrograms(), 'git-http-backend')
  const child = spawn(program, [], {
    env: environment(backendRequest, request),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  stepBack(child.pid)
  const channel = child.stdio[3]
  if (!(channel instanceof Duplex)) throw new TypeError('descriptor 3 is not a socket')
  // A git that tidies up in the background still holds the other end.
  child.once('exit', () => channel.destroy())
  return { channel, relay: (from, to) => relay(child, from, to) }
}

/** Where git keeps its programs: asked once. */
let programs: Promise<string> | null = null

function gitPrograms(): Promise<string> {
  programs ??= askForPrograms()
  programs.catch(() => {
    programs = null
  })
  return programs
}

async function askForPrograms(): Promise<string> {
  const result = await runGit(['--exec-path'], localOptions())
  if (result.exitCode !== 0) throw gitError(result, 'git --exec-path')
  return result.stdout.trim()
}

function environment(backend: BackendRequest, request: IncomingMessage): Record<string, string> {
  const { folder, address, actor, pushBytes } = backend
  const { headers } = request
  const config = {
    'core.hooksPath': hooksFolder,
    'http.receivepack': 'true',
    'receive.maxInputSize': String(pushBytes),
    'uploadpack.allowReachableSHA1InWant': 'true',
  }
  return {
    ...localEnvironment(config),
    GIT_PROJECT_ROOT: folder,
    PATH_INFO: `/${address.app}.git/${address.path}`,
    QUERY_STRING: address.query,
    REQUEST_METHOD: request.method ?? '',
    REMOTE_USER: actor,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    ...variable('CONTENT_TYPE', headers['content-type']),
    ...variable('CONTENT_LENGTH', headers['content-length']),
    ...variable('HTTP_CONTENT_ENCODING', headers['content-encoding']),
    ...variable('GIT_PROTOCOL', headers['git-protocol']),
  }
}

function variable(name: string, value: string | string[] | undefined): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {}
}

async function relay(
  child: ChildProcess,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string> {
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new TypeError('http-backend has no streams')
  let errorLog = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    errorLog = (errorLog + text).slice(-errorLogLimit)
  })
  // It may end before it has read everything, and the client before it has sent everything.
  stdin.on('error', () => request.resume())
  request.on('error', () => {})
  request.pipe(stdin)
  relayAnswer(stdout, response)
  response.on('close', () => {
    if (response.writableFinished) return
    // A push that has arrived as a whole goes on: refs move and the hooks tell of it, unread.
    if (request.readableEnded) stdout.unpipe().resume()
    else child.kill()
  })
  const answered = once(response, 'close')
  await once(child, 'exit')
  await answered
  return errorLog
}

/** The head first, then the body as it comes, no faster than the client reads. */
function relayAnswer(stdout: Readable, response: ServerResponse): void {
  let bytes = Buffer.alloc(0)
  const readHead = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const head = parseCgiHead(bytes)
    if (!head) return
    stdout.off('data', readHead).off('end', giveUp)
    response.writeHead(head.status, Object.fromEntries(head.headers))
    response.write(bytes.subarray(head.length))
    stdout.pipe(response)
  }
  const giveUp = () => {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('git gave no answer\n')
  }
  stdout.on('data', readHead).on('end', giveUp)
}
