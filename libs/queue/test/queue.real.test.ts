import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type EmbeddedPostgres, startPostgres } from '@tagship/embedded'
import { createLogger } from '@tagship/kit'
import { startTestRedis, type TestRedis } from '@tagship/tests/redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openQueue, type Queue, type QueueConnection } from '../src/index.ts'

const log = createLogger('test', 'silent')
const workerProgram = fileURLToPath(new URL('./start-worker.ts', import.meta.url))

let installation = ''
let opened: Queue[] = []

beforeEach(() => {
  installation = `t${randomBytes(6).toString('hex')}`
})

afterEach(async () => {
  await Promise.all(opened.map((queue) => queue.close()))
  opened = []
})

async function open(connection: QueueConnection): Promise<Queue> {
  const queue = await openQueue({ connection, installation, log })
  opened.push(queue)
  await eventually(() => queue.ping().then(() => true))
  return queue
}

async function eventually(check: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await Promise.resolve(check()).catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`it did not happen within ${ms} ms`)
    await sleep(10)
  }
}

const job = (subject: string, delayMs = 0, key = subject) => ({ queue: 'deployments', subject, key, delayMs })

/** Everything that holds over Redis and over Postgres alike. */
function behavesAsAQueue(connection: () => QueueConnection): void {
  test('a job reaches the handler with its id, and is gone afterwards', async () => {
    const queue = await open(connection())
    const seen: string[] = []
    queue.work('deployments', 4, async (subject) => {
      seen.push(subject)
    })
    await queue.add([job('a'), job('b')])
    await eventually(() => seen.length === 2)
    expect(seen.toSorted()).toEqual(['a', 'b'])
    const none = { waiting: 0, active: 0, delayed: 0, failed: 0 }
    await eventually(async () => JSON.stringify((await queue.counts()).deployments) === JSON.stringify(none))
  })

  test('equal keys that wait are one job, and come again after it ran', async () => {
    const queue = await open(connection())
    await queue.add([job('a'), job('a')])
    await queue.add([job('a')])
    const seen: string[] = []
    queue.work('deployments', 4, async (subject) => {
      seen.push(subject)
    })
    await queue.add([job('last')])
    await eventually(() => seen.includes('last'))
    expect(seen.filter((subject) => subject === 'a')).toHaveLength(1)
    await queue.add([job('a')])
    await eventually(() => seen.filter((subject) => subject === 'a').length === 2)
  })

  test('a job that is added while its like runs is run once more, afterwards', async () => {
    const queue = await open(connection())
    let running = 0
    let most = 0
    let runs = 0
    const gate = Promise.withResolvers<void>()
    queue.work('deployments', 4, async () => {
      running += 1
      runs += 1
      most = Math.max(most, running)
      await gate.promise
      running -= 1
    })
    await queue.add([job('a')])
    await eventually(() => runs === 1)
    await queue.add([job('a')])
    await queue.add([job('a')])
    gate.resolve()
    await eventually(() => runs === 2 && running === 0)
    expect(most).toBe(1)
  })

  test('a job that waits for its time is brought forward by its like', async () => {
    const queue = await open(connection())
    const seen: string[] = []
    queue.work('deployments', 1, async (subject) => {
      seen.push(subject)
    })
    await queue.add([job('a', 600_000)])
    await queue.add([job('a', 0)])
    await eventually(() => seen.length === 1, 5_000)
  })

  test('a job is not run before its time', async () => {
    const queue = await open(connection())
    const ran: number[] = []
    queue.work('deployments', 1, async () => {
      ran.push(Date.now())
    })
    const added = Date.now()
    await queue.add([job('a', 700)])
    await eventually(() => ran.length === 1)
    expect(Number(ran[0]) - added).toBeGreaterThanOrEqual(690)
  })

  test('what a handler throws is tried again', async () => {
    const queue = await open(connection())
    let runs = 0
    queue.work('deployments', 1, async () => {
      runs += 1
      if (runs < 3) throw new Error('not yet')
    })
    await queue.add([job('a')])
    await eventually(() => runs === 3)
  })

  test('two installations never see each other’s jobs', async () => {
    const mine = await open(connection())
    installation = `t${randomBytes(6).toString('hex')}`
    const theirs = await open(connection())
    const seen: string[] = []
    mine.work('deployments', 1, async (subject) => {
      seen.push(`mine ${subject}`)
    })
    theirs.work('deployments', 1, async (subject) => {
      seen.push(`theirs ${subject}`)
    })
    await mine.add([job('a')])
    await theirs.add([job('b')])
    await eventually(() => seen.length === 2)
    expect(seen.toSorted()).toEqual(['mine a', 'theirs b'])
  })

  test('a schedule makes a job every so often, though two controllers ask for it', async () => {
    const [one, two] = [await open(connection()), await open(connection())]
    const ran: number[] = []
    for (const queue of [one, two]) {
      queue.work('maintenance', 1, async () => {
        ran.push(Date.now())
      })
      queue.schedule('maintenance', 'sweep', 500)
    }
    await eventually(() => ran.length >= 5)
    expect(Number(ran[4]) - Number(ran[0])).toBeGreaterThan(1_200)
  })

  test('handlers are told when the queue closes, and are waited for', async () => {
    const queue = await open(connection())
    const steps: string[] = []
    queue.work('deployments', 1, async (_, signal) => {
      steps.push('started')
      await once(signal, 'abort')
      await sleep(100)
      steps.push('ended')
    })
    await queue.add([job('a')])
    await eventually(() => steps.length === 1)
    await queue.close()
    opened = []
    expect(steps).toEqual(['started', 'ended'])
  })

  test('a job whose worker was killed is handed to another', async () => {
    const queue = await open(connection())
    const options = JSON.stringify({ connection: connection(), installation })
    const victim = spawn(process.execPath, [workerProgram, options], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await queue.add([job('a')])
      await once(victim.stdout, 'data')
    } finally {
      victim.kill('SIGKILL')
    }
    const seen: string[] = []
    queue.work('deployments', 1, async (subject) => {
      seen.push(subject)
    })
    await eventually(() => seen.length === 1, 20_000)
  })

  test('from add to handler it takes milliseconds', async () => {
    const queue = await open(connection())
    const waits: number[] = []
    let addedAt = 0
    queue.work('deployments', 1, async () => {
      waits.push(performance.now() - addedAt)
    })
    for (let round = 0; round < 60; round += 1) {
      addedAt = performance.now()
      await queue.add([job(`job-${round}`)])
      await eventually(() => waits.length === round + 1)
    }
    const median = Number(waits.toSorted((a, b) => a - b)[30])
    process.stdout.write(`median from add to handler: ${median.toFixed(1)} ms\n`)
    expect(median).toBeLessThan(100)
  })
}

describe('over Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startTestRedis()
  })
  afterAll(() => redis?.close())
  const connection = (): QueueConnection => ({ kind: 'redisSocket', path: redis.socketPath })

  behavesAsAQueue(connection)

  test('while Redis is away, add fails fast; when it is back, work goes on within ten seconds', async () => {
    const queue = await open(connection())
    const seen: string[] = []
    queue.work('deployments', 1, async (subject) => {
      seen.push(subject)
    })
    queue.schedule('maintenance', 'sweep', 200)
    queue.work('maintenance', 1, async () => {
      seen.push('sweep')
    })
    await queue.add([job('before')])
    await eventually(() => seen.includes('before') && seen.includes('sweep'))

    await redis.kill()
    const asked = Date.now()
    await expect(queue.add([job('during')])).rejects.toMatchObject({ code: 'queue.unavailable' })
    await expect(queue.ping()).rejects.toMatchObject({ code: 'queue.unavailable' })
    expect(Date.now() - asked).toBeLessThan(6_000)

    await redis.start()
    const back = Date.now()
    seen.length = 0
    await eventually(() => queue.add([job('after')]).then(() => true))
    await eventually(() => seen.includes('after') && seen.includes('sweep'), 15_000)
    expect(Date.now() - back).toBeLessThan(10_000)
    expect(seen).not.toContain('during')
  })

  test('a queue that was opened while Redis was away works when it is there', async () => {
    await redis.kill()
    const queue = await openQueue({ connection: connection(), installation, log })
    opened.push(queue)
    const seen: string[] = []
    queue.work('deployments', 1, async (subject) => {
      seen.push(subject)
    })
    await expect(queue.add([job('a')])).rejects.toMatchObject({ code: 'queue.unavailable' })
    await redis.start()
    await eventually(() => queue.add([job('b')]).then(() => true))
    await eventually(() => seen.includes('b'), 10_000)
  })

  test('closing while Redis is away ends', async () => {
    const queue = await open(connection())
    queue.work('deployments', 1, async () => {})
    await queue.add([job('a')])
    await redis.kill()
    const asked = Date.now()
    await queue.close()
    opened = []
    expect(Date.now() - asked).toBeLessThan(15_000)
    await redis.start()
  })

  test('a schedule comes back after Redis was emptied', async () => {
    const queue = await open(connection())
    let ran = 0
    queue.work('maintenance', 1, async () => {
      ran += 1
    })
    queue.schedule('maintenance', 'sweep', 200)
    await eventually(() => ran > 1)
    await flush(redis.socketPath)
    const before = ran
    await eventually(() => ran > before + 2, 15_000)
  })
})

async function flush(path: string): Promise<void> {
  const { Redis } = await import('ioredis')
  const client = new Redis({ path })
  await client.flushall()
  client.disconnect()
}

describe('over Postgres', () => {
  let folder = ''
  let postgres: EmbeddedPostgres
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagship-queue-'))
    postgres = await startPostgres({ folder, log })
  })
  afterAll(async () => {
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const connection = (): QueueConnection => ({ kind: 'postgres', url: postgres.url })

  behavesAsAQueue(connection)

  test('when Postgres was killed and is back, work goes on', async () => {
    const queue = await open(connection())
    const seen: string[] = []
    queue.work('deployments', 1, async (subject) => {
      seen.push(subject)
    })
    await queue.add([job('before')])
    await eventually(() => seen.includes('before'))
    const killed = postgres.pid
    process.kill(killed, 'SIGKILL')
    await eventually(() => postgres.pid !== killed)
    await eventually(() => queue.add([job('after')]).then(() => true))
    await eventually(() => seen.includes('after'), 10_000)
  })
})
