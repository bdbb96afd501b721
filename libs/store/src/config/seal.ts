/** Secrets at rest: AES-256-GCM (NIST SP 800-38D) under the installation's key. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { TagshipError } from '@tagship/domain'

const cipher = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
/** How many bytes more than its value a sealed value has. */
export const sealBytes = nonceBytes + tagBytes

export interface SecretKey {
  /** 16 hex digits that tell one key from another and nothing of the key itself. */
  readonly id: string
  readonly key: KeyObject
}

/** What a sealed value belongs to: moved to another place, it does not open. */
export interface SecretPlace {
  readonly appId: string
  readonly name: string
  readonly version: number
}

/** A new key, as `parseSecretKey` takes it. */
export function newSecretKey(): string {
  return randomBytes(keyBytes).toString('base64')
}

/** From base64, with or without padding. @param source where it comes from, for the error @throws secret.keyInvalid */
export function parseSecretKey(text: string, source: string): SecretKey {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, 'base64')
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === trimmed.replace(/=+$/, '')
  if (!isBase64 || bytes.length !== keyBytes) {
    throw new TagshipError('secret.keyInvalid', `${source} does not hold ${keyBytes} bytes in base64`)
  }
  const key = createSecretKey(bytes)
  return { id: createHmac('sha256', key).update('key id').digest('hex').slice(0, 16), key }
}

export function seal({ key }: SecretKey, place: SecretPlace, value: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  sealing.setAAD(bindingOf(place))
  const text = Buffer.concat([sealing.update(value, 'utf8'), sealing.final()])
  return Buffer.concat([nonce, sealing.getAuthTag(), text])
}

/** @throws secret.wrongKey, secret.damaged */
export function unseal(
  { id, key }: SecretKey,
  place: SecretPlace,
  { keyId, sealed }: { readonly keyId: string; readonly sealed: Buffer },
): string {
  const label = `${place.name}@${place.version}`
  if (keyId !== id) {
    throw new TagshipError(
      'secret.wrongKey',
      `${label} was sealed with the key ${keyId}; this controller has the key ${id}`,
    )
  }
  const nonce = sealed.subarray(0, nonceBytes)
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opening.setAAD(bindingOf(place))
  opening.setAuthTag(sealed.subarray(nonceBytes, sealBytes))
  try {
    return Buffer.concat([opening.update(sealed.subarray(sealBytes)), opening.final()]).toString('utf8')
  } catch (cause) {
    throw new TagshipError('secret.damaged', `${label} is not what was sealed under that name`, { cause })
  }
}

/** Names have no line breaks, so that no two places have one binding. */
function bindingOf({ appId, name, version }: SecretPlace): Buffer {
  return Buffer.from(`${appId}\n${name}\n${version}`)
}
