/** The `Router` port on HAProxy, in a container beside the instances. */

import { type Slot, slots, TagshipError } from '@tagship/domain'
import type { Router, SlotRef } from '@tagship/engine'
import type { Certificate, Docker, Logger } from '@tagship/kit'
import { askThrough } from './ask.ts'
import { applyCertificates } from './certificates.ts'
import { type Bind, backendName, type Https } from './config.ts'
import { createContainer } from './container.ts'
import { ensureRouter } from './ensure.ts'
import { prepareFolder, readSecret, seatFileOf, socketsOf } from './folder.ts'
import { forgetSeat, restoreRoutes } from './restore.ts'
import { readSample } from './sample.ts'
import { createSeats } from './seats.ts'
import { applyTargets, dropServers } from './servers.ts'
import { askSocket } from './socket.ts'
import { type RouterStatus, readStatus } from './status.ts'
import { countUsable, readTraffic } from './traffic.ts'
import { verifyRouter, verifySeat } from './verify.ts'

export interface HaproxyOptions {
  readonly docker: Docker
  readonly installation: string
  /** The router's own folder (`<data>/router`); an absolute path. */
  readonly folder: string
  /** A local image that has HAProxy 3.0 or newer on its PATH. */
  readonly image: string
  readonly bind: Bind
  /** Left out: no TLS. */
  readonly https?: Https | null
  /** How many apps it can have; 1000 by default, which cost 45 MB and 0.3 s at start. */
  readonly seats?: number
  readonly log: Logger
}

export interface HaproxyRouter extends Router {
  /**
   * The container runs with the right config when this returns; where it does already, nothing is touched.
   * Call `restore` afterwards: a router whose files were lost starts without routes.
   * @throws port.taken, data.notWritable, router.unavailable, engine.*
   */
  ensure(): Promise<void>
  /** Why it could not be brought up the last time that this was tried; null where it could. */
  problem(): string | null
  /** Removes the container; apps cannot be reached any more. The folder stays. @throws engine.* */
  stop(): Promise<void>
  status(): Promise<RouterStatus>
  /** Serves hosts with these and no others from now on, without a reload. A no-op where nothing is new. @throws router.* */
  setCertificates(certificates: readonly Certificate[]): Promise<void>
  /** Whether requests go to the slot that was live before, because no target of the live one can be reached. */
  backupInUse(seat: number): Promise<boolean>
  /** Value of the header `X-Tagship-Preview` that leads to the idle slot. */
  readonly previewSecret: string
}

/** Prepares the folder and its secret; starts nothing. @throws data.notWritable */
export function createHaproxyRouter(options: HaproxyOptions): HaproxyRouter {
  const { folder, bind, https = null, log, seats: seatCount = 1_000 } = options
  prepareFolder(folder)
  const secret = readSecret(folder)
  const sockets = socketsOf(folder)
  const seats = createSeats(sockets.cli, seatFileOf(folder))
  const container = createContainer(options)
  const restoring = { seats, socketPath: sockets.cli, log }

  let fingerprint: string | null = null
  let problem: string | null = null
  const ensure = async () => {
    try {
      fingerprint = await ensureRouter({ folder, bind, https, seatCount, secret, container, seats, log })
      problem = null
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
      throw error
    }
  }
  const liveSlot = (seat: number) => readMap(sockets.cli, 'live', seat)
  const hasUsable = async (ref: SlotRef) => (await countUsable(sockets, ref)) > 0
  return {
    previewSecret: secret,
    settleMs: 5_000,
    ensure,
    problem: () => problem,
    stop: () => container.remove(),
    status: () => readStatus(sockets.cli, container, fingerprint),
    setCertificates: (certificates) => applyCertificates(sockets.cli, folder, certificates),
    setHosts: (seat, app, hosts) => seats.setHosts(seat, app, hosts),
    fillSlot: async (ref, targets, fence) => {
      await seats.setTargets(ref, targets, fence)
      await applyTargets(sockets.cli, ref, targets)
    },
    emptySlot: async (ref, fence) => {
      await seats.setTargets(ref, [], fence)
      await applyTargets(sockets.cli, ref, [])
    },
    dropTargets: (ref, names) => dropServers(sockets.cli, ref, names),
    switchTo: async ({ seat, slot }, fence, from) => {
      await verifyRouter(sockets.cli, fingerprint)
      verifySeat(await seats.one(seat), slot, from)
      await seats.switchTo(seat, slot, fence)
      const live = await liveSlot(seat)
      if (!live) throw new TagshipError('router.refused', `seat ${seat} has no live slot after the switch`)
      return live
    },
    liveSlot,
    traffic: (ref) => readTraffic(sockets, ref),
    sample: (seats) => readSample(sockets.cli, seats),
    askThrough: (host, path) => askThrough(bind, secret, host, path),
    restore: async (readRoutes) => {
      prepareFolder(folder)
      await restoreRoutes(restoring, readRoutes)
      await seats.confirm()
      if (await seats.mendFile()) log.warn({ file: seatFileOf(folder) }, 'the file of seats was damaged')
    },
    forget: (seat) => forgetSeat(restoring, seat),
    backupInUse: async (seat) => {
      const live = await liveSlot(seat)
      const backup = await readMap(sockets.cli, 'backup', seat)
      if (!live || !backup || (await hasUsable({ seat, slot: live }))) return false
      return hasUsable({ seat, slot: backup })
    },
  }
}

/** What requests are decided by, not what the script remembers. */
async function readMap(socketPath: string, map: 'live' | 'backup', seat: number): Promise<Slot | null> {
  const answer = await askSocket(socketPath, `get map virt@${map} ${seat}`)
  if (!/\bfound=(yes|no)\b/.test(answer)) {
    throw new TagshipError('router.unavailable', `the router did not say what is live: ${answer}`)
  }
  const [, value] = /\bvalue="([^"]*)"/.exec(answer) ?? []
  return slots.find((slot) => backendName(seat, slot) === value) ?? null
}
