import { runtimeNames } from '@tagship/domain/runtime'
import { slots } from '@tagship/domain/slot'
import { tagPolicySchema, tagPolicySettings } from '@tagship/domain/tag-policy'
import { tagVerdicts } from '@tagship/domain/tag-verdict'
import { z } from 'zod'
import { deployment } from './deployment.ts'
import { policyTrial } from './tag.ts'
import { line, reason, time } from './values.ts'

const runtime = z.enum(runtimeNames)
const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a name of a namespace: a-z, 0-9 and -')
const hosts = z.array(line(300)).max(50)
const buildArgName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be a name such as BASE')
const buildArgValue = z
  .string()
  .max(4096)
  .refine((value) => !value.includes('\0'), 'must not have a NUL character')

export const app = z
  .object({
    name: z.string(),
    /** Null where Tagship hosts the repository itself. */
    repo: z.string().nullable(),
    /** Where to push to, where Tagship hosts the repository. */
    pushUrl: z.string().nullable(),
    hosts: z.array(z.string()),
    urls: z.array(z.string()),
    /** Which tags are deployed by themselves, in a few words: `^1`, `numeric, prefix build-`. */
    tags: z.string(),
    policy: tagPolicySchema.describe('The tag policy; docs/guides/tags.md says what each setting means'),
    /** Only tags that came after its first sight of the repository are deployed by themselves. */
    fromNext: z.boolean(),
    /** Its folder in the repository; empty: all of it. */
    root: z.string(),
    /** Tags that would fit, and are blocked because they moved to another commit. */
    alerts: z.array(z.object({ tag: z.string(), verdict: z.enum(tagVerdicts), why: z.string() })),
    buildArgs: z.record(z.string(), z.string()),
    /** Where its next deployment runs. */
    runtime,
    /** On a cluster: the context of the controller's kubeconfig; null: the current one. */
    cluster: z.string().nullable(),
    /** On a cluster; null: one of the app's own. */
    namespace: z.string().nullable(),
    live: z
      .object({
        deployment: z.uuid(),
        release: z.string(),
        tag: z.string().nullable(),
        commit: z.string(),
        /** The number of its revision: the manifest and config that it runs with. */
        revision: z.number().int().nullable(),
        slot: z.enum(slots).nullable(),
        since: time.nullable(),
      })
      .nullable(),
    /** What served before and still runs, in the slot that is not live: a rollback to it takes no time. */
    warm: z
      .object({
        deployment: z.uuid(),
        release: z.string(),
        tag: z.string().nullable(),
        slot: z.enum(slots),
      })
      .nullable(),
    active: deployment.nullable(),
    queued: deployment.nullable(),
    /** What should serve is not all there, and could not be brought back; it is tried again. */
    trouble: z.object({ deployment: z.uuid(), code: z.string(), message: z.string() }).nullable(),
    /** Names of env values and secrets for which something else runs than what is set. */
    configNotLive: z.array(z.string()),
    hold: z.object({ by: z.string(), reason: z.string().nullable(), at: time }).nullable(),
    /** Null where Tagship hosts the repository itself: then there is nothing to poll. */
    poll: z.object({ lastAt: time.nullable(), error: z.string().nullable() }).nullable(),
    createdAt: time,
  })
  .meta({ id: 'App' })
export type AppJson = z.output<typeof app>

/** Null: changes may have been missed; look at all again. */
export const appChange = z.object({ app: z.string().nullable() }).meta({ id: 'AppChange' })
export type AppChangeJson = z.output<typeof appChange>

export const addAppBody = z.strictObject({
  name: line(100),
  repo: line(2000).nullable().default(null),
  hosts: hosts.default([]),
  /** A semver range: short for `policy: { range }`. */
  tags: line(200).optional(),
  policy: tagPolicySettings.default({}),
  fromNext: z.boolean().default(false),
  root: z.string().max(300).default(''),
  buildArgs: z.record(buildArgName, buildArgValue).default({}),
  runtime: runtime.default('docker'),
  cluster: line(300).optional(),
  namespace: namespace.optional(),
})

/** What is left out stays; a build arg that is null goes. */
export const changeAppBody = z
  .strictObject({
    repo: line(2000).optional(),
    addHosts: hosts.optional(),
    removeHosts: hosts.optional(),
    tags: line(200).optional(),
    policy: tagPolicySettings.optional(),
    root: z.string().max(300).optional(),
    buildArgs: z.record(buildArgName, buildArgValue.nullable()).optional(),
    /** Another one: what serves is deployed there, as it is. */
    runtime: runtime.optional(),
    cluster: line(300).optional(),
    namespace: namespace.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'name at least one thing to change')

/** The app as it is now and, where its policy was changed, what the new one makes of the tags that were seen. */
export const changedApp = app.extend({ trial: policyTrial.nullable() }).meta({ id: 'ChangedApp' })

export const holdBody = z.strictObject({ reason: reason.optional() })
