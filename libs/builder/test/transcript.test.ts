import { expect, test } from 'vitest'
import type { Vertex } from '../src/trace.ts'
import { createTranscript } from '../src/transcript.ts'

const vertex = (fields: Partial<Vertex>): Vertex => ({
  digest: 'sha256:1',
  name: '[2/3] RUN npm ci',
  cached: false,
  started: 1_000,
  completed: null,
  error: '',
  ...fields,
})
const output = (text: string | Uint8Array) => ({ vertex: 'sha256:1', msg: Buffer.from(text) })

function transcript() {
  const lines: string[] = []
  return { lines, ...createTranscript((line) => lines.push(line)) }
}

test('a step with its output and its time, each line once however often the engine repeats the step', () => {
  const { lines, add } = transcript()
  add({ vertexes: [vertex({})], logs: [output('one\ntw')] })
  add({ vertexes: [vertex({})], logs: [output('o\nthree')] })
  add({ vertexes: [vertex({ completed: 2_250 })], logs: [] })
  add({ vertexes: [vertex({ completed: 2_250 })], logs: [] })
  expect(lines).toEqual(['#1 [2/3] RUN npm ci', '#1 one', '#1 two', '#1 three', '#1 DONE 1.3s'])
})

test('characters that come in two parts, progress bars, and lines without an end', () => {
  const { lines, add } = transcript()
  const euro = Buffer.from('€\n')
  add({ vertexes: [vertex({})], logs: [output(euro.subarray(0, 1)), output(euro.subarray(1))] })
  add({ vertexes: [], logs: [output('10%\r50%\r100%\r\n'), output('x'.repeat(10_000))] })
  expect(lines.slice(1, 3)).toEqual(['#1 €', '#1 100%'])
  expect(lines.slice(3).map((line) => line.length - 3)).toEqual([4096, 4096, 1808])
})

test('secrets are not said: the longer before the one within it, each line of one that has several, none that is tiny', () => {
  const lines: string[] = []
  const secrets = ['letmein', 'letmein-too', 'line one\nline two', 'no']
  const { add, failedStep } = createTranscript((line) => lines.push(line), secrets)
  add({ vertexes: [vertex({})], logs: [output('a letmein-too b letmein\nline one\nline two\nno\n')] })
  add({ vertexes: [vertex({ completed: 2_000, error: 'exit code: 1' })], logs: [] })
  expect(lines.slice(1, 5)).toEqual(['#1 a *** b ***', '#1 ***', '#1 ***', '#1 no'])
  expect(failedStep()?.lastLines).toEqual(['a *** b ***', '***', '***', 'no'])
})

test('the last words of a step that starts, prints and ends in one message', () => {
  const { lines, add, failedStep } = transcript()
  add({ vertexes: [vertex({ completed: 1_100, error: 'exit code: 1' })], logs: [output('why\n')] })
  expect(lines).toEqual(['#1 [2/3] RUN npm ci', '#1 why', '#1 ERROR exit code: 1'])
  expect(failedStep()).toEqual({ name: '[2/3] RUN npm ci', error: 'exit code: 1', lastLines: ['why'] })
})

test('a step that was ended because another failed is not the one to blame', () => {
  const { add, failedStep } = transcript()
  add({ vertexes: [vertex({ completed: 1_100, error: 'no: context canceled' })], logs: [] })
  expect(failedStep()).toBeNull()
})
