/** How an app's repository is reached, and whom its signatures and webhooks come from. */
import type { Signer, SourceCredential, WebhookProvider } from '@tagship/domain'

/** What may be shown of a credential: a user's name, a key's fingerprint. */
export type ShownCredential = Readonly<Record<string, string>>

/** What may be shown of it all. */
export interface SourceSettings {
  readonly credential: {
    readonly kind: SourceCredential['kind']
    readonly shown: ShownCredential
    /** False: it is sealed with a key that this controller does not have. */
    readonly readable: boolean
    readonly setBy: string
    readonly setAt: Date
  } | null
  /** Lines of known_hosts(5); null: the keys that a server shows the first time. */
  readonly knownHosts: string | null
  readonly webhooks: readonly {
    readonly provider: WebhookProvider
    readonly setBy: string
    readonly setAt: Date
    /** When a delivery was accepted last. */
    readonly lastAt: Date | null
  }[]
  readonly signers: readonly (Signer & { readonly addedBy: string; readonly addedAt: Date })[]
}

/** Each change is a no-op where it is so already; each looks at the tags anew, where that may change what is seen. */
export interface SourceStore {
  sourceSettings(appId: string): Promise<SourceSettings>
  setCredential(
    appId: string,
    credential: SourceCredential,
    shown: ShownCredential,
    actor: string,
  ): Promise<void>
  /** @returns whether there was one */
  removeCredential(appId: string): Promise<boolean>
  setKnownHosts(appId: string, lines: string | null): Promise<void>
  addSigner(appId: string, signer: Signer, actor: string): Promise<void>
  /** @returns whether there was one */
  removeSigner(appId: string, fingerprint: string): Promise<boolean>
  /** In place of the secret that was there. */
  setWebhook(appId: string, provider: WebhookProvider, secret: string, actor: string): Promise<void>
  /** @returns whether there was one */
  removeWebhook(appId: string, provider: WebhookProvider): Promise<boolean>
}

/** Looks at keys before they are kept; all of it without leaving a trace on the disk. */
export interface KeyInspector {
  /** @throws signer.invalid */
  inspectSigner(key: string, name: string | null): Promise<Signer>
  /** @returns what may be shown of it. @throws credential.invalid */
  inspectCredential(credential: SourceCredential): Promise<ShownCredential>
  /** @returns the lines, without comments. @throws hostKeys.invalid */
  inspectHostKeys(lines: string): Promise<string>
}
