/** Postgres and Redis as somebody else's servers: each behind a gateway that can be cut, hung or slowed. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startPostgres } from '@tagship/embedded'
import { createLogger } from '@tagship/kit'
import { type Gateway, openGateway } from '@tagship/tests/gateway'
import { startTestRedis, type TestRedis } from '@tagship/tests/redis'

export interface GivenServers extends AsyncDisposable {
  /** `DATABASE_URL` and `REDIS_URL`, through the gateways. */
  readonly env: Readonly<Record<string, string>>
  readonly postgres: EmbeddedPostgres & { readonly gateway: Gateway }
  readonly redis: TestRedis & { readonly gateway: Gateway }
}

export async function startGivenServers(): Promise<GivenServers> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tagship-given-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  // The server runs as another user where the tests run as root.
  await chmod(folder, 0o755)
  const postgres = await startPostgres({ folder, log: createLogger('given', 'warn') })
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
    postgres: Object.assign(postgres, { gateway: toPostgres }),
    redis: Object.assign(redis, { gateway: toRedis }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
