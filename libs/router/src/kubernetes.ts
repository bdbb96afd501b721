/** The driver for clusters: a module of its own, since its library is large and many machines have no cluster. */
export { createKubernetesRouter, type KubernetesRouterOptions } from './kubernetes/router.ts'
