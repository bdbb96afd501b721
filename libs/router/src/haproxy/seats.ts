/** The commands of tagship.lua, as functions: each is one atomic step of the router, and on disk when it returns. */
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Slot, TagshipError } from '@tagship/domain'
import type { RouteTarget, SlotRef } from '@tagship/engine'
import { parseSeatFile, type Seat } from './seat-file.ts'
import { askSocket } from './socket.ts'
import { addressOf, list, word } from './words.ts'

interface SwitchOptions {
  /** Switch also to a slot none of whose targets can be reached now. */
  readonly unproven?: boolean
}

export interface Seats {
  setHosts(seat: number, app: string, hosts: readonly string[]): Promise<void>
  /** Records what the slot's targets are to be. @throws router.fenced, router.refused to empty the live slot */
  setTargets(ref: SlotRef, targets: readonly RouteTarget[], fence: bigint): Promise<void>
  /** @throws router.fenced, router.refused for a slot without a usable target */
  switchTo(seat: number, slot: Slot | null, fence: bigint, options?: SwitchOptions): Promise<void>
  forget(seat: number): Promise<void>
  all(): Promise<Seat[]>
  /** Writes the file of seats again from what the running router knows. */
  save(): Promise<void>
  /** Refuses writes (`router.unavailable`) for so long, or until a new worker takes over. */
  freeze(seconds: number): Promise<void>
  /** Counts from the next reload on. @throws router.refused where a seat beyond is taken */
  resize(count: number): Promise<void>
}

/** `socketPath`: the router's own socket. `file`: the file of seats, which the router writes and we sync. */
export function createSeats(socketPath: string, file: string): Seats {
  const command = async (verb: string, ...args: readonly (string | number | bigint)[]) => {
    const line = ['tagship', verb, ...args].join(' ')
    readReply(await askSocket(socketPath, line), line)
    await syncFile(file)
  }
  return {
    setHosts: (seat, app, hosts) => command('hosts', seat, word(app), list(hosts.map(word))),
    setTargets: ({ seat, slot }, targets, fence) => {
      const items = targets.map((target) => `${word(target.name)}=${addressOf(target)}`)
      return command('fill', seat, slot, fence, list(items))
    },
    switchTo: (seat, slot, fence, options) =>
      command('switch', seat, slot ?? '-', fence, ...(options?.unproven ? ['unproven'] : [])),
    forget: (seat) => command('forget', seat),
    save: () => command('save'),
    freeze: (seconds) => command('freeze', seconds),
    resize: (count) => command('resize', count),
    all: async () => {
      const seats = parseSeatFile(await askSocket(socketPath, 'tagship seats'))
      if (!seats) throw new TagshipError('router.unavailable', 'the router did not list its seats')
      return seats
    },
  }
}

function readReply(reply: string, line: string): void {
  if (/^ok\b/.test(reply)) return
  const [, highest] = /^fenced (\d+)/.exec(reply) ?? []
  if (highest) throw new TagshipError('router.fenced', `${line}: the fence ${highest} was seen before`)
  if (/^busy /.test(reply)) throw new TagshipError('router.unavailable', `${line}: ${reply.slice(5)}`)
  throw new TagshipError('router.refused', `${line}: ${reply.replace(/^refused /, '')}`)
}

/** The router has renamed the file into place; what is not synced could still be lost in a power cut. */
async function syncFile(path: string): Promise<void> {
  for (const target of [path, dirname(path)]) {
    const handle = await open(target, 'r')
    await handle.sync().finally(() => handle.close())
  }
}
