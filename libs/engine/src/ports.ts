/** What the engine needs of the world. Adapters implement these; the engine knows nothing else of them. */
export * from './ports/builder.ts'
export * from './ports/command-store.ts'
export * from './ports/engine-store.ts'
export * from './ports/records.ts'
export * from './ports/router.ts'
export * from './ports/runtime.ts'
export * from './ports/source.ts'
export * from './ports/world.ts'
