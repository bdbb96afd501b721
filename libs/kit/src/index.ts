export * from './logger.ts'
export * from './run-command.ts'
