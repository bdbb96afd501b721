import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type KindName, type ProberOptions, type ProberReport, startProber } from '../src/index.ts'
import { kindNames } from '../src/kinds.ts'
import { type Fault, type MisbehavingServer, startMisbehavingServer } from './misbehaving-server.ts'

const quick = { host: 'shop.localhost', slowMs: 20, streamMs: 50, webSocketMs: 50, timeoutMs: 5_000 }

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(5)) if (condition()) return
  throw new Error(`in vain: ${what}`)
}

/** Probes until every kind has come to the end of a request. */
async function probe(
  server: MisbehavingServer,
  kinds: readonly KindName[],
  options: Partial<ProberOptions> = {},
): Promise<ProberReport> {
  const prober = startProber({ ...quick, url: server.url, kinds, ...options })
  const finished = (kind: KindName) => (prober.report().kinds[kind]?.requests ?? 0) >= 1
  await until(() => kinds.every(finished), 'a request of every kind')
  return prober.stop()
}

test('counts what a well-behaved server answers, by kind and version', async () => {
  await using server = await startMisbehavingServer()
  const report = await probe(server, kindNames)

  expect(report.total.failures).toEqual([])
  expect(report.total.failed).toBe(0)
  expect(Object.keys(report.kinds)).toEqual(kindNames)
  const byKind = Object.values(report.kinds).map((kind) => kind.requests)
  expect(byKind.every((requests) => requests > 0)).toBe(true)
  expect(byKind.reduce((sum, requests) => sum + requests)).toBe(report.total.requests)
  expect(report.total.versions).toEqual({ '1': report.total.requests })
  expect(report.kinds.slow?.latencyMs.p50).toBeGreaterThanOrEqual(18)
  expect(report.inFlight).toBe(0)
  expect([...server.hosts]).toEqual(['shop.localhost'])
})

describe('counts as failed', () => {
  const http: KindName[] = ['keepAliveGet', 'freshGet', 'smallPost', 'largePost', 'slow', 'stream']
  const cases: [Fault, KindName[], RegExp][] = [
    ['reset', http, /ECONNRESET|EPIPE|other side closed/],
    ['error500', http, /answered 500: out of order/],
    ['silence', http, /Timeout/],
    [
      'truncatedPage',
      ['keepAliveGet', 'freshGet', 'slow'],
      /other side closed|terminated|length does not match/,
    ],
    ['emptyPage', ['keepAliveGet', 'freshGet'], /the page is empty/],
    ['wrongEcho', ['smallPost', 'largePost'], /not what was sent/],
    ['streamTruncated', ['stream'], /ended after 2 chunks/],
    ['streamCut', ['stream'], /other side closed|terminated/],
    ['streamSkips', ['stream'], /chunk "3" came where 2 was due/],
    ['streamMixed', ['stream'], /chunk 2 is of another, those before of 1/],
    ['webSocketRefused', ['webSocket'], /answered 503/],
    ['webSocketCut', ['webSocket'], /cut with code 1006/],
    ['webSocketClosed', ['webSocket'], /cut with code 1001/],
    ['webSocketWrongEcho', ['webSocket'], /"something else" came back where 0 was due/],
    ['webSocketSilent', ['webSocket'], /no echo of message 0 within 300 ms/],
  ]
  test.each(cases)('%s', async (fault, kinds, message) => {
    await using server = await startMisbehavingServer()
    server.fault = fault
    const report = await probe(server, kinds, { timeoutMs: 300 })

    for (const kind of kinds) {
      const traffic = report.kinds[kind]
      expect(traffic?.failed).toBe(traffic?.requests)
      expect(traffic?.failures[0]).toMatchObject({ kind, message: expect.stringMatching(message) })
    }
    expect(report.total.failed).toBe(report.total.requests)
    expect(report.total.failures.length).toBe(Math.min(20, report.total.failed))
  })

  test('a refused connection', async () => {
    const server = await startMisbehavingServer()
    await server.stopListening()
    const report = await probe(server, kindNames)
    expect(report.total.failed).toBe(report.total.requests)
    expect(report.total.versions).toEqual({})
    for (const kind of Object.values(report.kinds)) expect(kind.failures[0]?.message).toMatch(/ECONNREFUSED/)
  })
})

test('sends no request a second time', async () => {
  await using server = await startMisbehavingServer()
  server.fault = 'reset'
  const report = await probe(server, ['keepAliveGet'], { concurrency: { keepAliveGet: 1 } })
  expect(server.connections).toBe(report.total.requests)
})

test('keeps connections of one kind, and opens fresh ones for the other', async () => {
  await using server = await startMisbehavingServer()
  const prober = startProber({ ...quick, url: server.url, kinds: ['keepAliveGet', 'freshGet'] })
  const requests = (kind: KindName) => prober.report().kinds[kind]?.requests ?? 0
  await until(() => requests('keepAliveGet') >= 10 && requests('freshGet') >= 10, '10 requests each')
  const report = await prober.stop()
  expect(server.connections).toBe(4 + (report.kinds.freshGet?.requests ?? 0))
})

test('tells whether the old version answered a request that was started after the switch', async () => {
  await using server = await startMisbehavingServer()
  const prober = startProber({ ...quick, url: server.url })
  const answered = (version: string) => prober.report().total.versions[version] ?? 0
  await until(() => answered('1') >= 10, 'answers by 1')
  server.version = '2'
  const switchedAt = new Date()
  prober.mark('switched')
  await until(() => answered('2') >= 10, 'answers by 2')
  const report = await prober.stop()

  expect(report.answersBy('1', { startedAfter: switchedAt })).toBe(0)
  expect(report.answersBy('2', { startedAfter: switchedAt })).toBeGreaterThan(0)
  expect(report.answersBy('1', { startedAfter: new Date(0) })).toBeGreaterThan(0)
  expect(report.marks).toMatchObject([{ name: 'switched', failed: 0 }])
  expect(JSON.parse(JSON.stringify(report)).total.failed).toBe(0)
})

test('measures the longest time without a success', async () => {
  await using server = await startMisbehavingServer()
  const prober = startProber({ ...quick, url: server.url, kinds: ['keepAliveGet'] })
  await until(() => prober.report().total.requests > 2, 'requests')
  server.fault = 'error500'
  await sleep(200)
  server.fault = 'none'
  const before = prober.report().total
  await until(() => prober.report().total.requests > before.requests + 4, 'requests again')
  const report = await prober.stop()
  expect(report.total.longestGapMs).toBeGreaterThan(150)
})

test('lets requests in flight finish when it is stopped, and starts no more', async () => {
  await using server = await startMisbehavingServer()
  const prober = startProber({ ...quick, url: server.url, kinds: ['slow', 'webSocket'], slowMs: 1_000 })
  await until(() => prober.report().inFlight === 6, 'all lanes under way')
  const before = prober.report().total.requests
  const report = await prober.stop()
  expect(report.inFlight).toBe(0)
  expect(report.total).toMatchObject({ failed: 0, requests: before + 6 })
  expect(report.kinds.webSocket?.longestGapMs).toBeLessThan(800)
})

test('cuts what hangs when it is stopped, and counts it as failed', async () => {
  await using server = await startMisbehavingServer()
  server.fault = 'silence'
  const prober = startProber({ ...quick, url: server.url, kinds: ['keepAliveGet'], timeoutMs: 60_000 })
  await until(() => prober.report().inFlight === 4, 'all lanes under way')
  const stopped = prober.stop()
  await server.stopListening()
  expect((await stopped).total).toMatchObject({ failed: 4, requests: 4 })
})

test('ends with the signal', async () => {
  await using server = await startMisbehavingServer()
  const signal = AbortSignal.timeout(50)
  const prober = startProber({ ...quick, url: server.url, kinds: ['keepAliveGet'], signal })
  await until(() => signal.aborted && prober.report().inFlight === 0, 'the end')
  const { requests } = prober.report().total
  await sleep(120)
  expect(prober.report().total.requests).toBe(requests)
  await prober.stop()
})
