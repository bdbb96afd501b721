export * from './docker.ts'
export * from './logger.ts'
export * from './run-command.ts'
export * from './throttle.ts'
