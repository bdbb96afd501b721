import type { ConfigKind, Deployment, JudgedTag } from '@tagship/domain'
import type { AppInput, AppRecord, Asked, ConfigOutcome, LogOptions, RollbackPlan } from '@tagship/engine'

/** A line of what an instance writes. */
export interface InstanceLine {
  readonly at: Date
  readonly process: string
  readonly text: string
}

/** Everything that the API changes, and what it asks of the runtime; wired to the engine by the composition root. */
export interface Commands {
  addApp(input: AppInput, actor: string): Promise<AppRecord>
  changeApp(app: AppRecord, patch: Omit<AppInput, 'name' | 'runtime'>, actor: string): Promise<AppRecord>
  removeApp(app: AppRecord, actor: string): Promise<void>
  deploy(
    app: AppRecord,
    what: { readonly tag?: string | undefined; readonly commit?: string | undefined },
    asked: Asked,
  ): Promise<Deployment>
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
  judgeTags(app: AppRecord): Promise<JudgedTag[]>
  /** What the deployment's instances write, in the order of time; nothing where it has none. */
  instanceLogs(
    deploymentId: string,
    options: LogOptions & { readonly process?: string },
  ): AsyncIterable<InstanceLine>
}
