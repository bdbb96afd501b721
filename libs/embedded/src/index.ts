export { type EmbeddedPostgres, startPostgres } from './postgres.ts'
export { type EmbeddedRedis, startRedis } from './redis.ts'
