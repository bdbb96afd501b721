/** An authenticator in software (WebAuthn level 2): one key on P-256, no attestation. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

interface CreationOptions {
  readonly challenge: string
  readonly rp: { readonly id: string }
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()

export function newAuthenticator(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(32)
  let counter = 0

  const clientData = (type: string, challenge: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  /** §6.1: user present and verified. */
  const authData = (rpId: string, extra: Buffer, flags: number) => {
    counter += 1
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, extra])
  }

  return {
    create({ challenge, rp }: CreationOptions) {
      // COSE (RFC 9053 §7.1.1): kty 2, alg -7, crv 1, x, y
      const key = Buffer.concat([
        Buffer.from('a5010203262001215820', 'hex'),
        Buffer.from(x, 'base64url'),
        Buffer.from('225820', 'hex'),
        Buffer.from(y, 'base64url'),
      ])
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, id, key])
      const data = authData(rp.id, attested, 0x45)
      // CBOR: { fmt: "none", attStmt: {}, authData }
      const head = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex')
      return credential({
        clientDataJSON: base64url(clientData('webauthn.create', challenge)),
        attestationObject: base64url(Buffer.concat([head, Buffer.from([data.length]), data])),
        transports: ['internal'],
      })
    },
    get({ challenge, rpId }: { challenge: string; rpId: string }) {
      const data = authData(rpId, Buffer.alloc(0), 0x05)
      const client = clientData('webauthn.get', challenge)
      return credential({
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(sign('sha256', Buffer.concat([data, sha256(client)]), privateKey)),
      })
    },
  }

  function credential(response: Record<string, unknown>) {
    const name = base64url(id)
    return { id: name, rawId: name, type: 'public-key', clientExtensionResults: {}, response }
  }
}
