export type { KindName } from './kinds.ts'
export { type Prober, type ProberOptions, startProber } from './prober.ts'
export type { FailedRequest, Latency, Mark, ProberReport, TrafficReport } from './report.ts'
export type { AnswerHead, VersionOf } from './request.ts'
