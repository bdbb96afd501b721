import type {
  ConfigKind,
  Deployment,
  JudgedTag,
  Signer,
  SourceCredential,
  WebhookProvider,
} from '@tagship/domain'
import type {
  AppChange,
  AppInput,
  AppRecord,
  Asked,
  ConfigOutcome,
  Deployed,
  ExplainedTag,
  LogOptions,
  PolicyTrial,
  RollbackPlan,
} from '@tagship/engine'

/** A line of what an instance writes. */
export interface InstanceLine {
  readonly at: Date
  readonly process: string
  readonly text: string
}

/** Everything that the API changes, and what it asks of the runtime; wired to the engine by the composition root. */
export interface Commands {
  addApp(input: AppInput, actor: string): Promise<AppRecord>
  changeApp(app: AppRecord, patch: AppChange, actor: string): Promise<AppRecord>
  removeApp(app: AppRecord, actor: string): Promise<void>
  deploy(
    app: AppRecord,
    what: { readonly tag?: string | undefined; readonly commit?: string | undefined },
    asked: Asked,
  ): Promise<Deployed>
  changeConfig(
    app: AppRecord,
    kind: ConfigKind,
    values: Readonly<Record<string, string | null>>,
    asked: Asked & { readonly deploy: boolean },
  ): Promise<ConfigOutcome>
  rollback(
    app: AppRecord,
    to: string | undefined,
    asked: Asked & { readonly dryRun: boolean },
  ): Promise<{ deployment: Deployment | null; plan: RollbackPlan }>
  promote(deploymentId: string, actor: string): Promise<Deployment>
  cancel(deploymentId: string, actor: string): Promise<Deployment>
  hold(app: AppRecord, asked: Asked): Promise<void>
  resume(app: AppRecord, actor: string): Promise<void>
  /** In the order of the policy; `after` is the last one of the page before. */
  listVerdicts(
    app: AppRecord,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<JudgedTag[]>
  explainTag(app: AppRecord, tag: string): Promise<ExplainedTag>
  /** Those that are an alert. */
  movedTags(app: AppRecord): Promise<JudgedTag[]>
  /** `policy` is what somebody has sent. */
  tryPolicy(app: AppRecord, policy: unknown): Promise<PolicyTrial>
  setCredential(app: AppRecord, credential: SourceCredential, actor: string): Promise<void>
  removeCredential(app: AppRecord): Promise<void>
  setKnownHosts(app: AppRecord, lines: string | null): Promise<void>
  addSigner(app: AppRecord, given: { key: string; name: string | null }, actor: string): Promise<Signer>
  removeSigner(app: AppRecord, fingerprint: string): Promise<void>
  /** @returns the new secret */
  setWebhook(app: AppRecord, provider: WebhookProvider, actor: string): Promise<string>
  removeWebhook(app: AppRecord, provider: WebhookProvider): Promise<void>
  /** What the deployment's instances write, in the order of time; nothing where it has none. */
  instanceLogs(
    deploymentId: string,
    options: LogOptions & { readonly process?: string },
  ): AsyncIterable<InstanceLine>
}
