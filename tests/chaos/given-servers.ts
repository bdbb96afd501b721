/** Postgres and Redis as somebody else's servers: each behind a gateway that can be cut, hung or slowed. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startPostgres } from '@tagship/embedded'
import { createLogger, runCommand } from '@tagship/kit'
import { type Gateway, openGateway } from '@tagship/tests/gateway'
import { startTestRedis, type TestRedis } from '@tagship/tests/redis'

export interface GivenServers extends AsyncDisposable {
  /** `DATABASE_URL` and `REDIS_URL`, through the gateways. */
  readonly env: Readonly<Record<string, string>>
  /** It is started again where it dies, as a service manager would. `folder` is a small disk of its own. */
  readonly postgres: EmbeddedPostgres & { readonly gateway: Gateway; readonly folder: string }
  readonly redis: TestRedis & { readonly gateway: Gateway }
}

/** Enough for an empty cluster and the write-ahead log of a whole table. */
const diskSize = '768m'

export async function startGivenServers(): Promise<GivenServers> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tagship-given-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  // A disk of its own, which can be filled without harm to anybody else.
  await run('mount', '-t', 'tmpfs', '-o', `size=${diskSize}`, 'tagship-given', folder)
  cleanup.defer(() => run('umount', '--lazy', folder))
  // The server runs as another user where the tests run as root.
  await chmod(folder, 0o755)
  const postgres = await startPostgres({ folder, log: createLogger('given', 'error') })
  cleanup.defer(() => postgres.stop())
  const redis = await startTestRedis()
  cleanup.defer(() => redis.close())
  const url = new URL(postgres.url)
  const toPostgres = cleanup.use(await openGateway({ host: url.hostname, port: Number(url.port) }))
  const toRedis = cleanup.use(await openGateway({ path: redis.socketPath }))
  url.port = `${toPostgres.port}`
  const owned = cleanup.move()
  return {
    env: { DATABASE_URL: url.toString(), REDIS_URL: `redis://127.0.0.1:${toRedis.port}` },
    // `pid` is a getter: it stays one.
    postgres: Object.assign(postgres, { gateway: toPostgres, folder }),
    redis: Object.assign(redis, { gateway: toRedis }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr, startError } = await runCommand(program, args, { timeout: 10_000 })
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${startError ?? stderr}`)
}
