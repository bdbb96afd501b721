export { type EmbeddedPostgres, findPostgres, startPostgres } from './postgres.ts'
export { type EmbeddedRedis, startRedis } from './redis.ts'
