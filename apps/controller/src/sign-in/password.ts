/** Passwords at rest: argon2id (RFC 9106), as PHC strings, with what OWASP asks for at least: 19 MiB, two passes. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { TagshipError } from '@tagship/domain'

export const passwordLengths = { min: 12, max: 128 } as const

const derive = promisify(argon2)
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const
const tagLength = 32
const pattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** @throws auth.passwordUnfit */
export function checkPassword(password: string): void {
  const { min, max } = passwordLengths
  const length = [...password].length
  if (length < min || length > max) {
    throw new TagshipError('auth.passwordUnfit', `it has ${length} characters; ${min} to ${max} are wanted`)
  }
}

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await derive('argon2id', { message: normal(password), nonce, tagLength, ...cost })
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`
}

export async function verifyPassword({
  hash,
  password,
}: {
  hash: string
  password: string
}): Promise<boolean> {
  const [, memory, passes, parallelism, nonce = '', expected = ''] = pattern.exec(hash) ?? []
  const wanted = Buffer.from(expected, 'base64')
  if (wanted.length === 0) return false
  const tag = await derive('argon2id', {
    message: normal(password),
    nonce: Buffer.from(nonce, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: wanted.length,
  })
  return timingSafeEqual(tag, wanted)
}

/** Keyboards give the same letter in more than one way (NIST SP 800-63B §5.1.1.2). */
function normal(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
