/** What is listed: releases, tags, events, audit entries, lines of logs. */
import { deploymentStates } from '@tagship/domain/machine'
import { z } from 'zod'
import { deployment } from './deployment.ts'
import { time } from './values.ts'

export const release = z
  .object({
    name: z.string(),
    number: z.number().int(),
    tag: z.string().nullable(),
    commit: z.string(),
    imageDigest: z.string().nullable(),
    imageBytes: z.number().int().nullable(),
    revision: z.number().int().nullable(),
    /** The release that this one, made by a rollback, brought back. */
    sourceRelease: z.string().nullable(),
    createdAt: time,
    live: z.boolean(),
    canRollBack: z.boolean(),
    /** Why a rollback to it is possible, or not. */
    why: z.string(),
  })
  .meta({ id: 'Release' })
export type ReleaseJson = z.output<typeof release>

/** One entry of the append-only history. */
export const event = z
  .object({
    id: z.string(),
    app: z.string(),
    /** 1, 2, 3, … per app, without gaps. */
    seq: z.number().int(),
    deployment: z.uuid().nullable(),
    type: z.string(),
    from: z.enum(deploymentStates).nullable(),
    to: z.enum(deploymentStates).nullable(),
    actor: z.string(),
    reason: z.string().nullable(),
    durationMs: z.number().int().nullable(),
    detail: z.record(z.string(), z.unknown()),
    at: time,
    hash: z.string(),
  })
  .meta({ id: 'Event' })
export type EventJson = z.output<typeof event>

/** An event, with its deployment as it is by now. */
export const eventMessage = z
  .object({ event, deployment: deployment.nullable() })
  .meta({ id: 'EventMessage' })
export type EventMessage = z.output<typeof eventMessage>

export const outcomes = ['done', 'refused', 'failed'] as const

export const auditEntry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string(),
    action: z.string(),
    app: z.string().nullable(),
    /** `refused`: the caller might not; `failed`: it could not be done. */
    outcome: z.enum(outcomes),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntryJson = z.output<typeof auditEntry>

/** The first link of the chain that was changed, removed or put in; without one, a row that contradicts it. */
const broken = z.object({ seq: z.number().int().nullable(), problem: z.string() }).nullable()

export const auditVerdict = z
  .object({
    intact: z.boolean(),
    apps: z.array(
      z.object({
        app: z.string(),
        events: z.number().int(),
        /** Of the last event. Noted elsewhere, it proves later that nothing up to there was rewritten. */
        head: z.string(),
        broken,
      }),
    ),
    /** Who did what. */
    audit: z.object({
      entries: z.number().int(),
      /** From before there was a chain: not proven. */
      unchained: z.number().int(),
      head: z.string(),
      broken,
    }),
    /** The expected hashes that are in no chain. */
    missing: z.array(z.string()),
  })
  .meta({ id: 'AuditVerdict' })
export type AuditVerdictJson = z.output<typeof auditVerdict>

export const logSources = ['build', 'release', 'instance'] as const
export type LogSource = (typeof logSources)[number]

export const logLine = z
  .object({
    /** Its place in what is stored of the deployment; null for a line that comes straight from an instance. */
    seq: z.number().int().nullable(),
    at: time,
    source: z.enum(logSources),
    process: z.string().nullable(),
    text: z.string(),
  })
  .meta({ id: 'LogLine' })
export type LogLineJson = z.output<typeof logLine>
