/** How an app's repository is reached, who tells of new tags, and whose signatures count. */
import { webhookProviders } from '@tagship/domain/webhook'
import { z } from 'zod'
import { line, time } from './values.ts'

/** Text of several lines: a key, or host keys. */
const lines = (longest: number) => z.string().min(1).max(longest)
const privateKey = lines(20_000)

export const provider = z.enum(webhookProviders)

export const signer = z
  .object({
    kind: z.enum(['openpgp', 'ssh']),
    /** Of an OpenPGP key in hex, of an SSH key `SHA256:…`. */
    fingerprint: z.string(),
    name: z.string(),
    addedBy: z.string(),
    addedAt: time,
  })
  .meta({ id: 'Signer' })
export type SignerJson = z.output<typeof signer>

const webhook = z.object({
  provider,
  /** Where the provider sends its deliveries to. */
  url: z.string(),
  setBy: z.string(),
  setAt: time,
  /** When a delivery was accepted last. */
  lastAt: time.nullable(),
})

/** Never with a secret. */
export const source = z
  .object({
    /** Null where Tagship hosts the repository itself. */
    repo: z.string().nullable(),
    credential: z
      .object({
        kind: z.enum(['token', 'sshKey', 'githubApp']),
        /** What may be shown of it: the user's name, a key's fingerprint, an app's id. */
        shown: z.record(z.string(), z.string()),
        /** False: it is sealed with a key that the controller does not have. */
        readable: z.boolean(),
        setBy: z.string(),
        setAt: time,
      })
      .nullable(),
    /** The only host keys that are accepted; null: those that a server shows the first time. */
    knownHosts: z.string().nullable(),
    webhooks: z.array(webhook),
    signers: z.array(signer),
  })
  .meta({ id: 'Source' })
export type SourceJson = z.output<typeof source>

export const setCredentialBody = z.strictObject({
  credential: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token'),
      /** With most servers any name does; with Bitbucket it is `x-token-auth`. */
      user: line(200).default('x-access-token'),
      token: line(4_000),
    }),
    z.strictObject({ kind: z.literal('sshKey'), privateKey }),
    z.strictObject({
      kind: z.literal('githubApp'),
      appId: line(100),
      installationId: z.string().regex(/^\d{1,20}$/, 'must be the number of the installation'),
      apiUrl: line(500).default('https://api.github.com'),
      privateKey,
    }),
  ]),
})

/** Null: the keys that servers show the first time. */
export const setHostKeysBody = z.strictObject({ knownHosts: lines(100_000).nullable() })

export const addSignerBody = z.strictObject({
  /** One public key: armored OpenPGP, or a line as in `id_ed25519.pub`. */
  key: lines(100_000),
  /** What people call it; default: what the key says of itself. */
  name: line(200).nullable().default(null),
})

export const setWebhookBody = z.strictObject({ provider })

export const webhookSecret = webhook
  .extend({
    /** Shown this once; null where the answer is that of an earlier request. */
    secret: z.string().nullable(),
  })
  .meta({ id: 'WebhookSecret' })
export type WebhookSecretJson = z.output<typeof webhookSecret>
