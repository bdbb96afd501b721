/** The program that `embedded.real.test.ts` kills: starts both servers, tells their ids, and stays. */
import { createLogger } from '@tagship/kit'
import { startPostgres, startRedis } from '../src/index.ts'

const options = { folder: String(process.argv[2]), log: createLogger('parent', 'silent') }
const postgres = await startPostgres(options)
const redis = await startRedis(options)
process.stdout.write(`${JSON.stringify({ postgresPid: postgres.pid, redisPid: redis?.pid })}\n`)
setInterval(() => {}, 60_000)
