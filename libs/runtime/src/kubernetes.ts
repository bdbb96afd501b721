/** The driver for clusters: a module of its own, since its library is large and many machines have no cluster. */

export type { Registry } from './kubernetes/registry.ts'
export { requireRights } from './kubernetes/rights.ts'
export { createKubernetesRuntime, type KubernetesRuntimeOptions } from './kubernetes/runtime.ts'
