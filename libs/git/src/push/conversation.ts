/**
 * The controller's side of what the hooks say and ask during one push.
 *
 * The line between them is a socket that http-backend is started with as descriptor 3 and that git hands
 * down to its hooks. It needs no file, no name and no extra process, and the kernel closes it when either
 * side dies: a push never waits for a controller that is gone, nor the controller for a push.
 */
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { type AppName, quote, toTagshipError } from '@tagship/domain'
import type { Log } from '@tagship/engine'
import { judge, type PushedTag } from './tag-update.ts'

export interface Push {
  readonly app: AppName
  readonly actor: string
  readonly tags: readonly PushedTag[]
}

/**
 * Called once for a push that brought new tags, when git has accepted them. What is given to `say` appears at
 * the pusher's terminal, line by line; the push ends when the promise settles. `signal` aborts when the pusher
 * has gone, which is no reason to stop the deployment.
 */
export type OnPush = (push: Push, say: (line: string) => void, signal: AbortSignal) => Promise<void>

export interface Conversation {
  readonly app: AppName
  readonly actor: string
  readonly channel: Duplex
  readonly signal: AbortSignal
  /** Git has taken everything in. */
  readonly onReceived: () => void
  readonly onPush: OnPush
  readonly log: Log
}

/** Bytes that wait for a pusher who does not read; what comes on top is dropped. */
const patience = 1024 * 1024

export function converse(conversation: Conversation): void {
  const { channel } = conversation
  const judged = new Map<string, PushedTag>()
  const accepted: PushedTag[] = []
  // The other side may go at any moment; that shows as the end of the push.
  channel.on('error', () => {})
  createInterface({ input: channel }).on('line', (line) => {
    const [word, ...rest] = line.split(' ')
    if (word === 'update') channel.write(`${answer(rest, judged)}\n`)
    if (word === 'accepted') accepted.push(...taken(judged, rest[1] ?? ''))
    if (word === 'end') {
      conversation.onReceived()
      void deploy(conversation, accepted)
    }
  })
}

function answer(words: readonly string[], judged: Map<string, PushedTag>): string {
  const [ref = '', oldSha = '', oldCommit = '', newSha = '', newCommit = ''] = words
  const commit = (word: string) => (word === 'none' ? null : word)
  const name = ref.slice('refs/tags/'.length)
  const verdict = judge({ name, oldSha, oldCommit: commit(oldCommit), newSha, newCommit: commit(newCommit) })
  if ('refusal' in verdict) return verdict.refusal
  judged.set(ref, verdict.tag)
  return 'ok'
}

function taken(judged: Map<string, PushedTag>, ref: string): PushedTag[] {
  const tag = judged.get(ref)
  return tag ? [tag] : []
}

async function deploy(conversation: Conversation, tags: readonly PushedTag[]): Promise<void> {
  const { app, actor, channel, signal, onPush, log } = conversation
  const say = (text: string) => {
    for (const line of text.split(/\r?\n/)) {
      if (channel.writable && channel.writableLength < patience) channel.write(`${printable(line)}\n`)
    }
  }
  // Nobody is left to read: git need not wait for the deployment.
  signal.addEventListener('abort', () => channel.end(), { once: true })
  if (signal.aborted) channel.end()
  try {
    await onPush({ app, actor, tags }, say, signal)
  } catch (error) {
    const { code, message } = toTagshipError(error)
    log.error({ app, err: error }, 'a push could not be followed')
    say(
      `Tagship took ${tags.map(({ name }) => quote(name)).join(', ')}, but something went wrong afterwards:`,
    )
    say(`${message} (${code})`)
  } finally {
    channel.end()
  }
}

/** Escape sequences in a line would be carried out by the pusher's terminal. */
function printable(line: string): string {
  return line.replace(/[^\P{Cc}\t]/gu, '')
}
