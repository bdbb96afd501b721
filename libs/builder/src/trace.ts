/**
 * BuildKit's progress as the engine's `/build` streams it: one JSON object a line, most of them a protobuf
 * `moby.buildkit.v1.StatusResponse` in base64 (github.com/moby/buildkit, api/services/control/control.proto).
 */
import protobuf from 'protobufjs'
import { z } from 'zod'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Status { repeated Vertex vertexes = 1; repeated Log logs = 3; }
  message Vertex { string digest = 1; string name = 3; bool cached = 4; Time started = 5; Time completed = 6; string error = 7; }
  message Log { string vertex = 1; bytes msg = 4; }
  message Time { int64 seconds = 1; int32 nanos = 2; }
`)
const statusType = root.lookupType('Status')

const time = z
  .object({ seconds: z.number(), nanos: z.number() })
  .transform(({ seconds, nanos }) => seconds * 1000 + nanos / 1e6)
  .nullable()

const statusSchema = z.object({
  vertexes: z.array(
    z.object({
      digest: z.string(),
      name: z.string(),
      cached: z.boolean(),
      started: time,
      completed: time,
      error: z.string(),
    }),
  ),
  logs: z.array(z.object({ vertex: z.string(), msg: z.instanceof(Uint8Array) })),
})

const messageSchema = z.union([
  z.object({ id: z.literal('moby.buildkit.trace'), aux: z.string() }),
  z.object({ id: z.literal('moby.image.id'), aux: z.object({ ID: z.string() }) }),
  z.object({ errorDetail: z.object({ message: z.string() }) }),
  z.object({}),
])

/** Steps of the build (`vertexes`, in ms since 1970) and output of their programs, as of one moment. */
export type Status = z.output<typeof statusSchema>
export type Vertex = Status['vertexes'][number]

export type BuildMessage =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'image'; readonly id: string }
  | { readonly kind: 'error'; readonly message: string }

/** One line of the stream; null for what says nothing new. */
export function parseBuildMessage(line: string): BuildMessage | null {
  const message = messageSchema.parse(JSON.parse(line))
  if ('errorDetail' in message) return { kind: 'error', message: message.errorDetail.message }
  if (!('id' in message)) return null
  if (message.id === 'moby.image.id') return { kind: 'image', id: message.aux.ID }
  return { kind: 'status', status: decodeStatus(Buffer.from(message.aux, 'base64')) }
}

function decodeStatus(bytes: Uint8Array): Status {
  const decoded = statusType.decode(bytes)
  return statusSchema.parse(statusType.toObject(decoded, { longs: Number, defaults: true }))
}
