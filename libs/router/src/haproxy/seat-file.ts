/** The file of seats as the router writes it (tagship.lua), read back. */
import { type Slot, slots } from '@tagship/domain'
import type { RouteTarget } from '@tagship/engine'

/** What the router itself remembers of a seat. */
export interface Seat {
  readonly number: number
  /** Null: free. */
  readonly app: string | null
  /** Counts the writes to it. */
  readonly version: number
  readonly fence: bigint
  readonly live: Slot | null
  /** The slot that was live before, and stands in where no target of the live one can be reached. */
  readonly backup: Slot | null
  readonly hosts: readonly string[]
  readonly targets: Readonly<Record<Slot, readonly RouteTarget[]>>
}

/** A seat that nobody has, but for its number. */
export const freeSeat: Omit<Seat, 'number'> = {
  app: null,
  version: 0,
  fence: 0n,
  live: null,
  backup: null,
  hosts: [],
  targets: { blue: [], green: [] },
}

/** Of a router that knows no app. */
export function emptySeatFile(seatCount: number): string {
  const blocks = Array.from({ length: seatCount }, (_, index) => {
    const number = index + 1
    const backends = slots.map((slot) => `backend s${number}-${slot} from slot\n`).join('')
    return `# seat ${number} app=- version=0 fence=0 live=- backup=- hosts=-\n${backends}`
  })
  return `# tagship seats ${seatCount}\n${blocks.join('')}# end\n`
}

const wholePattern = /^# tagship seats (\d+)\n((?:.*\n)*)# end\n?$/
const seatPattern =
  /^# seat (\d+) app=(\S+)(?: version=(\d+))? fence=(\d+) live=(blue|green|-) backup=(blue|green|-) hosts=(\S+)\n((?:.*\n)*)$/
const targetPattern = /^ {2}server (\S+) (\S+):(\d+)$/

/** @returns null for anything that the router did not write whole */
export function parseSeatFile(text: string): Seat[] | null {
  const [, count, body = ''] = wholePattern.exec(text) ?? []
  const blocks = body === '' ? [] : body.split(/^(?=# seat )/m)
  const seats = blocks.map(parseBlock).filter((seat) => seat !== null)
  const inOrder = seats.every((seat, index) => seat.number === index + 1)
  return count !== undefined && seats.length === Number(count) && blocks.length === seats.length && inOrder
    ? seats
    : null
}

/** One seat: its heading and its two backends. */
export function parseBlock(block: string): Seat | null {
  const [, number, app, version, fence, live, backup, hosts, backends] = seatPattern.exec(block) ?? []
  if (!number || !app || !fence || !hosts || backends === undefined) return null
  const [before, blue, green, ...more] = backends.split(/^backend s\d+-(?:blue|green) from slot\n/m)
  const targets = { blue: parseTargets(blue), green: parseTargets(green) }
  if (before !== '' || more.length > 0 || !targets.blue || !targets.green) return null
  return {
    number: Number(number),
    app: app === '-' ? null : app,
    version: Number(version ?? 0),
    fence: BigInt(fence),
    live: slots.find((slot) => slot === live) ?? null,
    backup: slots.find((slot) => slot === backup) ?? null,
    hosts: hosts === '-' ? [] : hosts.split(','),
    targets: { blue: targets.blue, green: targets.green },
  }
}

function parseTargets(text: string | undefined): RouteTarget[] | null {
  if (text === undefined) return null
  const lines = text.split('\n').slice(0, -1)
  const targets = lines.map((line) => {
    const [, name, address, port] = targetPattern.exec(line) ?? []
    return name && address ? { name, address: address.replace(/^\[|\]$/g, ''), port: Number(port) } : null
  })
  return targets.every((target) => target !== null) ? targets : null
}
