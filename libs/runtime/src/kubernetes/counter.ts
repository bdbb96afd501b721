/**
 * A Service counts nothing. Where a manifest asks for `rollout.analysis`, each pod has a second container: the router's
 * own HAProxy, which hands requests on to the program beside it and counts how they were answered.
 */
import type { V1Container, V1Volume } from '@kubernetes/client-node'
import type { InstanceSpec } from '@tagship/engine'
import { counterBackend, counterName, countsPort } from '@tagship/kubernetes'

/** Its image in the registry: a name that no app can have. */
export const counterRepository = 'tagship__counter'

/** Of the pod: where the counter finds its config. An object of its own would have to be kept in step. */
export const configAnnotation = 'dev.tagship.counter'

const folder = '/tagship'

/** The program ends this much later: by then no connection is idle. Between hooks of two containers there may be a second. */
export const aheadSeconds = 2

/** Buffers for as many connections as there may be at once; most are idle and have none. */
const memory = { request: `${64 * 1024 ** 2}`, limit: `${256 * 1024 ** 2}` }
const connections = 4_000

interface Counted {
  readonly spec: InstanceSpec
  readonly port: number
  /** How long the pod serves on, once it is to end. */
  readonly drainSeconds: number
}

/** What it listens on: two ports that the program has not. */
function portsBeside(port: number) {
  return { requests: port === 15_080 ? 15_081 : 15_080, counts: port === 15_090 ? 15_091 : 15_090 }
}

const farewellPath = '/farewell'

/** Each connection of a client has one of its own to the program, as if nothing were between them. */
export function counterConfig(port: number): string {
  const { requests, counts } = portsBeside(port)
  return `global
  nbthread 1
  maxconn ${connections}
  set-var proc.ending bool(false)

defaults
  mode http
  http-reuse never
  timeout connect 500ms
  timeout client 1h
  timeout client-fin 30s
  timeout http-request 15s
  timeout http-keep-alive 10m
  timeout server 1h
  timeout tunnel 1h

frontend requests
  bind :${requests}
  # Clients move on while everything still works.
  http-after-response set-header Connection close if { var(proc.ending) -m bool }
  default_backend ${counterBackend}

backend ${counterBackend}
  # Only what may be sent twice is tried again after it was sent once.
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  server program 127.0.0.1:${port}

frontend counts
  bind :${counts}
  http-request use-service prometheus-exporter if { path /metrics }
  acl farewell path ${farewellPath}
  http-request deny status 403 if farewell !{ src 127.0.0.1 }
  http-request set-var(proc.ending) bool(true) if farewell
  http-request return status 204 if farewell
  http-request return status 404
`
}

/**
 * On SIGTERM it closes what is idle, and ends when all answers that are under way are out. It stays a second after that:
 * nobody would answer the last packets of a connection that was just closed.
 */
const life = `trap 'kill -USR1 $!' TERM
haproxy -db -f "$1" &
wait
wait
sleep 1`

/**
 * Each answer says from now on that its connection closes. After the drain, what is left is idle or has an answer to
 * come, and there is no moment in which a request could come on a connection to a program that is gone.
 */
const farewell = `{
  printf 'GET ${farewellPath} HTTP/1.0\\r\\n\\r\\n' >&3
  cat <&3
} 3<> "/dev/tcp/127.0.0.1/$2"
sleep "$1"`

export function counterContainer(image: string, { spec, port, drainSeconds }: Counted): V1Container {
  const { requests, counts } = portsBeside(port)
  return {
    name: counterName,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', life, 'sh', `${folder}/counter.cfg`],
    ports: [
      // Named after the slot: a Service finds the port of whichever release its slot holds.
      { name: spec.slot, containerPort: requests, protocol: 'TCP' },
      { name: countsPort, containerPort: counts, protocol: 'TCP' },
    ],
    resources: {
      limits: { cpu: `${Math.ceil(spec.cpus * 1_000)}m`, memory: memory.limit },
      requests: { cpu: '50m', memory: memory.request },
    },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: counterName, mountPath: folder, readOnly: true }],
    readinessProbe: { tcpSocket: { port: requests }, periodSeconds: 1, failureThreshold: 3 },
    lifecycle: {
      preStop: { exec: { command: ['bash', '-c', farewell, 'bash', `${drainSeconds}`, `${counts}`] } },
    },
  }
}

/** The pod's own annotation, as a file. */
export function counterVolume(): V1Volume {
  return {
    name: counterName,
    downwardAPI: {
      items: [
        {
          path: 'counter.cfg',
          fieldRef: { fieldPath: `metadata.annotations['${configAnnotation}']` },
        },
      ],
    },
  }
}
