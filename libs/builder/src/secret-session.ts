/**
 * Secrets of a build never lie anywhere: BuildKit asks for one whenever a step mounts it, over a connection that stays
 * open beside the build (github.com/moby/buildkit, session/secrets/secrets.proto).
 */
import type { Duplex } from 'node:stream'
import { type MethodDefinition, Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { askEngine, dialEngine, type Scope } from './engine.ts'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message SecretRequest { string name = 1; }
  message SecretResponse { bytes data = 1; }
  message Credentials { string host = 1; }
  message Health { int32 status = 1; }
`)
const serving = 1

export interface SecretSession extends Disposable {
  /** What the build is started with, to be given these secrets and no other. */
  readonly id: string
}

/** @throws engine.* */
export async function openSecretSession(
  { docker }: Scope,
  id: string,
  secrets: Readonly<Record<string, string>>,
): Promise<SecretSession> {
  const server = serve(secrets)
  const request = {
    path: '/session',
    method: 'POST',
    hijack: true,
    headers: {
      Upgrade: 'h2c',
      'X-Docker-Expose-Session-Uuid': id,
      'X-Docker-Expose-Session-Name': 'tagship',
      'X-Docker-Expose-Session-Grpc-Method': Object.values(methods).map(({ path }) => path),
    },
    statusCodes: { 101: true, 200: true, 400: 'bad parameter', 500: 'server error' },
  }
  const dial = () => dialEngine(docker, request)
  const connection = (await askEngine('opening a session for secrets', dial)) as Duplex
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(connection)
  return {
    id,
    [Symbol.dispose]() {
      server.forceShutdown()
      connection.destroy()
    },
  }
}

const methods = {
  secret: method('/moby.buildkit.secrets.v1.Secrets/GetSecret', 'SecretRequest', 'SecretResponse'),
  /** For pulls of base images; nobody's, as without a session. */
  credentials: method('/moby.filesync.v1.Auth/Credentials', 'Credentials', 'Credentials'),
  /** A session that does not answer it is ended. */
  health: method('/grpc.health.v1.Health/Check', 'Health', 'Health'),
}

function serve(secrets: Readonly<Record<string, string>>): Server {
  const server = new Server()
  server.addService(methods, {
    secret({ request: { name } }: Call<{ name: string }>, answer: sendUnaryData<{ data: Uint8Array }>) {
      const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined
      if (value === undefined) answer({ code: status.NOT_FOUND, details: `secret ${name}: not found` })
      else answer(null, { data: Buffer.from(value) })
    },
    credentials: (_: Call<object>, answer: sendUnaryData<object>) => answer(null, {}),
    health: (_: Call<object>, answer: sendUnaryData<{ status: number }>) => answer(null, { status: serving }),
  })
  return server
}

interface Call<Request> {
  readonly request: Request
}

function method(path: string, asked: string, answered: string): MethodDefinition<object, object> {
  const [from, to] = [root.lookupType(asked), root.lookupType(answered)]
  const encode = (type: protobuf.Type) => (message: object) => Buffer.from(type.encode(message).finish())
  const decode = (type: protobuf.Type) => (bytes: Buffer) =>
    type.toObject(type.decode(bytes), { defaults: true })
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: encode(from),
    requestDeserialize: decode(from),
    responseSerialize: encode(to),
    responseDeserialize: decode(to),
  }
}
