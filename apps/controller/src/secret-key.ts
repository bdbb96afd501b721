import { createHmac } from 'node:crypto'
import { newSecretKey, parseSecretKey, type SecretKey } from '@tagship/store'
import { type DataFolder, installationSecret } from './data-folder.ts'

export const keyFile = 'secret.key'
export const keyVariable = 'TAGSHIP_SECRET_KEY'

/**
 * The key that the secrets of all apps are sealed with: from the environment, else from a file in the data
 * folder, which is made where it is missing. Controllers that share a database need the same key.
 * @throws secret.keyInvalid
 */
export async function secretKeyOf(given: string | null, data: DataFolder): Promise<SecretKey> {
  if (given !== null) return parseSecretKey(given, keyVariable)
  return parseSecretKey(await installationSecret(data, keyFile, newSecretKey), `${data.path}/${keyFile}`)
}

/** Another key, made from the one: nothing is learnt of either from the other. */
export function signInSecretOf({ key }: SecretKey): string {
  return createHmac('sha256', key).update('sign-in').digest('base64')
}
