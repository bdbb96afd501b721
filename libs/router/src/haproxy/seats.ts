/** The commands of tagship.lua, as functions: each is one atomic step of the router, and on disk when it returns. */
import { open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Slot, TagshipError } from '@tagship/domain'
import type { RouteTarget, SlotRef } from '@tagship/engine'
import { parseBlock, parseSeatFile, type Seat } from './seat-file.ts'
import { askSocket } from './socket.ts'
import { addressOf, list, word } from './words.ts'

interface SwitchOptions {
  /** Switch also to a slot none of whose targets can be reached now. */
  readonly unproven?: boolean
}

/** What can be written to a seat. */
export interface SeatWriter {
  setHosts(seat: number, app: string, hosts: readonly string[]): Promise<void>
  /** Records what the slot's targets are to be. @throws router.fenced, router.refused to empty the live slot */
  setTargets(ref: SlotRef, targets: readonly RouteTarget[], fence: bigint): Promise<void>
  /** @throws router.fenced, router.refused for a slot without a usable target */
  switchTo(seat: number, slot: Slot | null, fence: bigint, options?: SwitchOptions): Promise<void>
  forget(seat: number): Promise<void>
}

export interface Seats extends SeatWriter {
  /**
   * Writes to this one seat for as long as nobody else does, whatever fence it has seen: for who has compared it
   * with the rows. @throws router.fenced once somebody has written
   */
  unchanged(seat: Pick<Seat, 'number' | 'version'>): SeatWriter
  all(): Promise<Seat[]>
  /** @throws router.refused where there is no such seat */
  one(seat: number): Promise<Seat>
  /** Writes the file of seats again where it is not what the running router knows. @returns whether it was not */
  mendFile(): Promise<boolean>
  /** Who is in no seat is from now on known not to be there: the seats were compared with the rows. */
  confirm(): Promise<void>
  /** Refuses writes (`router.unavailable`) for so long, or until a new worker takes over. */
  freeze(seconds: number): Promise<void>
  /** Counts from the next reload on. @throws router.refused where a seat beyond is taken */
  resize(count: number): Promise<void>
}

/** `socketPath`: the router's own socket. `file`: the file of seats, which the router writes and we sync. */
export function createSeats(socketPath: string, file: string): Seats {
  const command = async (line: string) => {
    const version = readReply(await askSocket(socketPath, line), line)
    await syncFile(file)
    return version
  }
  const known = () => askSocket(socketPath, 'tagship seats')
  /** A write may come between two looks: only what differs from before and after it is damage. */
  const isAsKnown = async () => {
    const before = await known()
    const there = (await readFile(file, 'utf8').catch(() => '')).trimEnd()
    return there === before || there === (await known())
  }
  const direct = writer((line) => command(`tagship ${line}`))
  return {
    ...direct,
    switchTo: async (...to) => {
      await direct.switchTo(...to)
      // Written once more, what stands in for a damaged file knows of it, too.
      await command('tagship save')
    },
    confirm: async () => void readReply(await askSocket(socketPath, 'tagship confirm'), 'confirm'),
    unchanged: ({ number, version }) => {
      let last = version
      return writer(async (line) => {
        const [verb, , ...words] = line.split(' ')
        last = await command(['tagship if', number, last, verb, ...words].join(' '))
      })
    },
    freeze: (seconds) => command(`tagship freeze ${seconds}`).then(() => {}),
    resize: (count) => command(`tagship resize ${count}`).then(() => {}),
    all: async () => {
      const seats = parseSeatFile(await known())
      if (!seats) throw new TagshipError('router.unavailable', 'the router did not list its seats')
      return seats
    },
    one: async (number) => {
      const answer = await askSocket(socketPath, `tagship seat ${number}`)
      const seat = parseBlock(`${answer}\n`)
      if (!seat) throw new TagshipError('router.refused', `seat ${number}: ${answer}`)
      return seat
    },
    mendFile: async () => {
      if (await isAsKnown()) return false
      // Between the two renames of a write there is no file: damage is what stays.
      await sleep(lookAgainMs)
      if (await isAsKnown()) return false
      await command('tagship save')
      return true
    },
  }
}

function writer(command: (line: string) => Promise<unknown>): SeatWriter {
  const say = async (...words: readonly (string | number | bigint)[]) => void (await command(words.join(' ')))
  return {
    setHosts: (seat, app, hosts) => say('hosts', seat, word(app), list(hosts.map(word))),
    setTargets: ({ seat, slot }, targets, fence) => {
      const items = targets.map((target) => `${word(target.name)}=${addressOf(target)}`)
      return say('fill', seat, slot, fence, list(items))
    },
    switchTo: (seat, slot, fence, options) =>
      say('switch', seat, slot ?? '-', fence, ...(options?.unproven ? ['unproven'] : [])),
    forget: (seat) => say('forget', seat),
  }
}

/** @returns the seat's version where one was written to */
function readReply(reply: string, line: string): number {
  if (/^ok\b/.test(reply)) return Number(reply.slice(3))
  const [, highest] = /^fenced (\d+)/.exec(reply) ?? []
  if (highest) throw new TagshipError('router.fenced', `${line}: ${highest} was seen before`)
  if (/^busy /.test(reply)) throw new TagshipError('router.unavailable', `${line}: ${reply.slice(5)}`)
  throw new TagshipError('router.refused', `${line}: ${reply.replace(/^refused /, '')}`)
}

/** The router has renamed the file into place; what is not synced could still be lost in a power cut. */
async function syncFile(path: string): Promise<void> {
  await Promise.all([syncWhereThere(path), sync(dirname(path))])
}

/** Between its two renames the router has no file of this name: it writes the next one, which has this change too. */
async function syncWhereThere(path: string): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    try {
      return await sync(path)
    } catch (error) {
      if (!isAbsent(error)) throw error
      if (looks === mostLooks) {
        throw new TagshipError('router.unavailable', `${path} is not there`, { cause: error })
      }
      await sleep(lookAgainMs)
    }
  }
}

const mostLooks = 20
const lookAgainMs = 10

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
