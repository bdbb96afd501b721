/** The build's log as a person reads it: `#5 [2/3] RUN npm ci`, its output, how it ended. */
import { StringDecoder } from 'node:string_decoder'
import type { Status, Vertex } from './trace.ts'

const longestLine = 4_096
const keptLines = 20

/** A step of the Dockerfile that went wrong. */
export interface FailedStep {
  /** As in the Dockerfile: `[2/3] RUN npm ci`. */
  readonly name: string
  readonly error: string
  /** What it printed last. */
  readonly lastLines: readonly string[]
}

interface StepLog {
  readonly number: number
  readonly name: string
  /** Output without its end of line yet. */
  partial: string
  readonly decoder: StringDecoder
  readonly lastLines: string[]
  ended: boolean
}

export interface Transcript {
  add(status: Status): void
  /** The step that ended the build, or null where none did. */
  failedStep(): FailedStep | null
}

/**
 * @param onLine gets each line once, in order
 * @param secrets what no line says, whatever a step prints
 */
export function createTranscript(
  onLine: (line: string) => void,
  secrets: readonly string[] = [],
): Transcript {
  const hide = hiding(secrets)
  const steps = new Map<string, StepLog>()
  let failed: FailedStep | null = null

  const say = (step: StepLog, text: string) => onLine(`#${step.number} ${text}`)
  const sayOutput = (step: StepLog, text: string) => {
    for (const line of splitLong(hide(text))) {
      step.lastLines.push(line)
      if (step.lastLines.length > keptLines) step.lastLines.shift()
      say(step, line)
    }
  }

  const follow = (vertex: Vertex) => {
    if (vertex.started === null) return
    let step = steps.get(vertex.digest)
    if (!step) {
      step = newStep(steps.size + 1, vertex.name)
      steps.set(vertex.digest, step)
      if (!isInternal(vertex)) say(step, vertex.name)
    }
    if (vertex.completed === null || step.ended) return
    step.ended = true
    if (step.partial) sayOutput(step, step.partial)
    if (vertex.error && !isCanceled(vertex)) {
      failed = { name: vertex.name, error: vertex.error, lastLines: step.lastLines }
      say(step, `ERROR ${vertex.error}`)
    } else if (!isInternal(vertex)) {
      say(step, vertex.cached ? 'CACHED' : `DONE ${seconds(vertex.completed - vertex.started)}`)
    }
  }

  const print = (step: StepLog, bytes: Uint8Array) => {
    const lines = (step.partial + step.decoder.write(Buffer.from(bytes))).split('\n')
    step.partial = lines.pop() ?? ''
    for (const line of lines) sayOutput(step, lastOverwrite(line))
    if (step.partial.length < longestLine) return
    sayOutput(step, step.partial)
    step.partial = ''
  }

  return {
    add({ vertexes, logs }) {
      // Output first: the message that ends a step may carry the last words of its program as well.
      const starting = vertexes.filter((vertex) => !steps.has(vertex.digest))
      for (const vertex of starting) follow({ ...vertex, completed: null })
      for (const { vertex, msg } of logs) {
        const step = steps.get(vertex)
        if (step) print(step, msg)
      }
      for (const vertex of vertexes) follow(vertex)
    },
    failedStep: () => failed,
  }
}

function newStep(number: number, name: string): StepLog {
  return { number, name, partial: '', decoder: new StringDecoder(), lastLines: [], ended: false }
}

/** What is shorter would hide half of the log: `1` is part of everything. */
const shortestHidden = 6

/** Of a secret of several lines each counts, as it comes out line by line. */
function hiding(secrets: readonly string[]): (text: string) => string {
  const parts = secrets
    .flatMap((secret) => secret.split(/\r?\n/))
    .filter((part) => part.length >= shortestHidden)
    .sort((a, b) => b.length - a.length)
  return (text) => parts.reduce((hidden, part) => hidden.replaceAll(part, '***'), text)
}

/** BuildKit's own steps, which say nothing about the Dockerfile. */
function isInternal({ name }: Vertex): boolean {
  return name.startsWith('[internal]') || name === 'copy /context /'
}

/** Steps that were ended because another one failed say so as an error of their own. */
function isCanceled({ error }: Vertex): boolean {
  return /context canceled$/.test(error)
}

/** A progress bar writes over itself with carriage returns: what was to be seen in the end. */
function lastOverwrite(line: string): string {
  return (
    line
      .split('\r')
      .filter((part) => part !== '')
      .at(-1) ?? ''
  )
}

function splitLong(text: string): string[] {
  if (text.length <= longestLine) return [text]
  return Array.from({ length: Math.ceil(text.length / longestLine) }, (_, index) =>
    text.slice(index * longestLine, (index + 1) * longestLine),
  )
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`
}
