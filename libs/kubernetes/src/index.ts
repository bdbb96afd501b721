/** What the drivers of runtime and router share: the way to a cluster, and the names of what is ours there. */
export * from './ask.ts'
export * from './cache.ts'
export * from './clusters.ts'
export * from './names.ts'
export * from './watch.ts'
