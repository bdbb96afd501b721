export type { MeJson, NewTokenJson, SessionJson, TokenJson, UserJson, UserLinkJson } from './access.ts'
export * from './app.ts'
export type {
  ChangesJson,
  CommitJson,
  NameChangesJson,
  ReleaseRefJson,
  RollbackPreviewJson,
} from './changes.ts'
export * from './client.ts'
export { ApiError, ControllerUnreachable, networkReason, parseJson, throwProblem } from './client-errors.ts'
export type { ConfigChangeJson, EnvListJson, SecretListJson } from './config.ts'
export * from './controller-process.ts'
export * from './deployment.ts'
export type { FiguresJson } from './figures.ts'
export { type Connection, heartbeatMs, streamEnd, streamProblem } from './follow.ts'
export type { HealthAttemptsJson } from './health.ts'
export * from './history.ts'
export type { ImageJson, LayerJson } from './image.ts'
export type { InstanceJson } from './instance.ts'
export type { AlertJson, AppCardJson, LastHourJson, OverviewJson, SlotStateJson } from './overview.ts'
export * from './problem.ts'
export * from './route.ts'
export { webhookAccepted } from './routes/source.ts'
export * from './routes.ts'
export type { SignerJson, SourceJson, WebhookSecretJson } from './source.ts'
export type { Readiness, SystemJson } from './system.ts'
export type { ExplainedTagJson, PolicyTrialJson, TagJson } from './tag.ts'
export type { SlotRateJson, TrafficHistoryJson, TrafficSampleJson } from './traffic.ts'
export { type Role, roleAllows, roles } from './values.ts'
