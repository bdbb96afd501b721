/** The same API and dashboard over TLS, with certificates that change while it runs. */
import { createServer } from 'node:https'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Certificate } from '@tagship/kit'
import type { FastifyInstance } from 'fastify'
import type { CertificateKeeper } from '../certificates.ts'
import { headerLimit } from './server.ts'

/** Ends with the server that it belongs to, or sooner. Connections keep the certificate that they began with. */
export async function listenWithTls(
  server: FastifyInstance,
  address: { readonly host: string; readonly port: number },
  certificates: CertificateKeeper,
): Promise<AsyncDisposable> {
  await server.ready()
  const { requestTimeout, headersTimeout } = server.server
  const first = () => certificates.now().certificates[0]
  let standard = first()
  const secure = createServer(
    {
      ...contextOptions(standard),
      ...{ maxHeaderSize: headerLimit, requestTimeout, headersTimeout },
      // A name that no certificate is for gets one all the same: the browser says what is wrong with it.
      SNICallback: (name, done) => {
        const found = certificates.find(name.toLowerCase()) ?? first()
        if (found) done(null, contextOf(found))
        else done(new Error(`there is no certificate for ${name}`))
      },
    },
    server.routing,
  )
  // Who comes to an IP address asks for no name.
  secure.prependListener('connection', () => {
    if (standard === first()) return
    standard = first()
    secure.setSecureContext(contextOptions(standard))
  })
  await new Promise<void>((resolve, reject) => {
    secure.once('error', reject)
    secure.listen(address, resolve)
  })
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        secure.close(() => resolve())
        secure.closeAllConnections()
      }),
  }
}

const contexts = new WeakMap<Certificate, SecureContext>()

function contextOf(certificate: Certificate): SecureContext {
  const context = contexts.get(certificate) ?? createSecureContext(contextOptions(certificate))
  contexts.set(certificate, context)
  return context
}

function contextOptions(certificate: Certificate | undefined): SecureContextOptions {
  return { minVersion: 'TLSv1.2', ...(certificate ? { cert: certificate.chain, key: certificate.key } : {}) }
}
