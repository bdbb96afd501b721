/** The control plane itself: what it consists of, and how it is. */
import { z } from 'zod'
import { doctorReport } from './controller-process.ts'
import { time } from './values.ts'

const check = z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })
export const readiness = z.object({ ok: z.boolean(), checks: z.array(check) }).meta({ id: 'Readiness' })
export type Readiness = z.output<typeof readiness>

const count = z.number().int()

export const system = z
  .object({
    version: z.string(),
    installation: z.string(),
    /** What every part says now. */
    ready: readiness,
    /** Null while their store does not answer. */
    queues: z
      .array(z.object({ name: z.string(), waiting: count, active: count, delayed: count, failed: count }))
      .nullable(),
    controllers: z.array(
      z.object({
        id: z.uuid(),
        /** Whether it is the one that answers. */
        self: z.boolean(),
        url: z.string(),
        pid: count,
        startedAt: time,
        stopping: z.boolean(),
        /** Leases on deployments and builds that it holds; null while Postgres does not answer. */
        leases: count.nullable(),
      }),
    ),
    router: z.object({
      container: z.string(),
      problem: z.string().nullable(),
      /** Null while it does not answer. */
      running: z
        .object({
          version: z.string(),
          uptimeSeconds: count,
          maxConnections: count,
          connections: count,
          requests: count,
          asConfigured: z.boolean(),
        })
        .nullable(),
    }),
    /** In the order of their names; null: no TLS. */
    certificates: z
      .object({
        items: z.array(
          z.object({ names: z.array(z.string()), notAfter: time, endsSoon: z.boolean(), path: z.string() }),
        ),
        problems: z.array(z.object({ path: z.string(), problem: z.string() })),
      })
      .nullable(),
    disk: z.object({
      totalBytes: count,
      freeBytes: count,
      /** Of the database; null while Postgres does not answer. */
      databaseBytes: count.nullable(),
    }),
    /** By program; null where it does not answer. */
    versions: z.record(z.string(), z.string().nullable()),
  })
  .meta({ id: 'System' })
export type SystemJson = z.output<typeof system>

export const doctorFindings = z.object({ items: doctorReport, next: z.null() })
