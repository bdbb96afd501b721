import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Paths whose values are never written, wherever they turn up. */
const secrets = [
  'token',
  'password',
  'secret',
  'authorization',
  'headers.authorization',
  '*.token',
  '*.password',
]

/** Structured logs, one JSON object a line, with the names of errors and no secrets. */
export function createLogger(name: string, level = 'info', destination?: DestinationStream): Logger {
  return pino({ name, level, redact: { paths: secrets, censor: '[hidden]' } }, destination)
}
