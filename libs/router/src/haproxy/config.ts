/** The text of haproxy.cfg: everything but the seats, which the router writes itself (tagship.lua). */
import type { Slot } from '@tagship/domain'
import { chosenPages } from './pages.ts'

export interface Bind {
  /** An IP address of this machine; empty or `0.0.0.0` for all of IPv4, `::` for all of IPv4 and IPv6. */
  readonly address: string
  readonly port: number
}

/** TLS for the apps, on a port beside. */
export interface Https {
  readonly port: number
  /** The port of this address that browsers are led to where they come without TLS; null: they are served without. */
  readonly redirectPort: number | null
}

export interface ConfigInput {
  readonly bind: Bind
  readonly https: Https | null
  readonly secret: string
  /** One a core. */
  readonly threads: number
  /** Who the worker is once it has bound its ports. */
  readonly worker: { readonly uid: number; readonly gid: number }
  /** Who may open the sockets. */
  readonly owner: { readonly uid: number; readonly gid: number }
  /** Shown by `show info`, so that anyone can tell which config the running worker has. */
  readonly fingerprint: string
}

/** Where the container sees the router's folder. */
export const mountPoint = '/tagship'

/** Where the container sees certificates: the list of them, and the names that they are for. */
export const certificatesPoint = `${mountPoint}/certificates`
export const certificateList = `${certificatesPoint}/list`
export const certificateNames = `${certificatesPoint}/names.map`

/** A refused connection is noticed by the traffic itself; the check decides, and brings the server back. */
export const serverOptions = [
  'check inter 2s fastinter 200ms downinter 500ms fall 2 rise 1',
  'observe layer4 error-limit 2 on-error sudden-death',
  'pool-purge-delay 3s',
].join(' ')

export function backendName(seat: number, slot: Slot): string {
  return `s${seat}-${slot}`
}

export function renderConfig(input: ConfigInput): string {
  return [globals(input), defaults, frontend(input), pages, metrics(input), slotDefaults].join('\n')
}

function globals({ worker, owner, threads, fingerprint }: ConfigInput): string {
  const { uid, gid } = owner
  return `global
  description ${fingerprint}
  uid ${worker.uid}
  gid ${worker.gid}
  # Another process on our port must be an error, not a silent share of the connections.
  noreuseport
  # maxconn follows from ulimit -n; this only keeps its tables small where there is no limit.
  fd-hard-limit 200000
  hard-stop-after 1h
  nbthread ${threads}
  # A request has three buffers of 16 kB: those of some forty stay with each thread.
  tune.memory.hot-size 2097152
  stats socket ${mountPoint}/run/cli.sock uid ${uid} gid ${gid} mode 600 level admin
  # No Lua is on the way of a request; a command must run to its end in one go.
  tune.lua.forced-yield 10000000
  lua-load ${mountPoint}/tagship.lua ${mountPoint}/state/seats.cfg
`
}

const timeouts = `
  timeout connect 500ms
  timeout client 5m
  timeout client-fin 30s
  timeout http-request 15s
  timeout http-keep-alive 60s
  timeout queue 10s
  timeout server 5m
  timeout tunnel 1h`

const defaults = `defaults web
  mode http
  option dontlognull
  # A reload closes an idle connection only after one more answer, which says that it closes.
  option idle-close-on-response
${timeouts}
`

/** The two ways to say a page: JSON for who asks for JSON, else HTML. */
function answer(page: keyof typeof chosenPages, condition: string): string {
  const status = chosenPages[page]
  const headers = `hdr Cache-Control no-store${status === 503 ? ' hdr Retry-After 2' : ''}`
  const say = (type: string, extension: string, when: string) =>
    `  http-request return status ${status} content-type "${type}" ` +
    `file ${mountPoint}/pages/${page}.${extension} ${headers} if ${when}`
  return [
    say('application/json', 'json', `${condition} { req.hdr(accept) -m sub json }`),
    say('text/html; charset=utf-8', 'html', condition),
  ].join('\n')
}

function frontend({ bind, https, secret }: ConfigInput): string {
  return `frontend web from web
  bind ${bindAddress(bind)}${https ? secureBind(bind, https) : ''}

  # Ours alone: nothing of it is believed without the secret, and none of it reaches an app.
  http-request set-var(txn.asked) bool(true) if { req.hdr(x-tagship-ask) -m str ${secret} }
  http-request set-var(txn.preview) bool(true) if { req.hdr(x-tagship-preview) -m str ${secret} }
  http-request del-header x-tagship- -m beg

  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto ${https ? '%[ssl_fc,iif(https,http)]' : 'http'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid] unless { req.hdr(x-request-id) -m reg ^[A-Za-z0-9._-]{1,128}$ }

  # Host → seat → backend. Only one rule may name a map: HAProxy 3.0 refuses a virtual one named twice.
  http-request set-var(txn.host) req.hdr(host),host_only,rtrim(.),lower
${https?.redirectPort ? redirect(https.redirectPort) : ''}  acl of-preview var(txn.host) -m beg next.
  http-request set-var(txn.preview) bool(true) if of-preview
  http-request set-var(txn.host) var(txn.host),regsub(^next\\.,) if of-preview
  http-request set-var(txn.seat) var(txn.host),map_str(virt@hosts)
  acl preview var(txn.preview) -m found
  http-request set-var(txn.backend) var(txn.seat),map_str(virt@live) unless preview
  http-request set-var(txn.backend) var(txn.seat),map_str(virt@idle) if preview

  # The slot that was live before stands in while no target of the live one can be reached.
  acl live var(txn.backend) -m found
  acl usable var(txn.backend),nbsrv gt 0
  http-request set-var(txn.backend) var(txn.seat),map_str(virt@backup) if !usable !preview live

  # Only what may be sent twice is tried again after it was sent once.
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  http-response del-header x-tagship- -m beg
  http-response set-header X-Tagship-Instance %[srv_name] if { var(txn.asked) -m found }
  http-response set-header X-Robots-Tag noindex if preview

  use_backend %[var(txn.backend)] if usable
  default_backend pages
`
}

/** Certificates come and go at run time; with `strict-sni` there may be none, and an unknown name gets none. */
function secureBind({ address }: Bind, { port }: Https): string {
  const options = `ssl crt-list ${certificateList} strict-sni ssl-min-ver TLSv1.2 alpn h2,http/1.1`
  return `\n  bind ${bindAddress({ address, port })} ${options}`
}

/** Not for our own questions, nor for who proves that the host is theirs before it has a certificate. */
function redirect(port: number): string {
  const to = `https://%[var(txn.host)]${port === 443 ? '' : `:${port}`}%[pathq]`
  return `  acl secured var(txn.host),map_str(${certificateNames}) -m found
  acl secured var(txn.host),regsub(^[^.]+,*),map_str(${certificateNames}) -m found
  acl plain-on-purpose path_beg /.well-known/acme-challenge/
  acl plain-on-purpose var(txn.asked) -m found
  http-request redirect location ${to} code 308 if secured !{ ssl_fc } !plain-on-purpose
`
}

/** Says why a request has no backend of an app. */
const pages = `backend pages from web
  http-request set-var(txn.unsure) str(routes),map_str(virt@unsure)
${answer('unhealthy', '{ var(txn.unsure) -m found }')}
${answer('no-app', '!{ var(txn.seat) -m found }')}
${answer('no-preview', '{ var(txn.preview) -m found }')}
${answer('not-live', '!{ var(txn.backend) -m found }')}
${answer('unhealthy', '{ always_true }')}
`

function bindAddress({ address, port }: Bind): string {
  if (address === '::') return `:::${port} v4v6`
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function metrics({ owner }: ConfigInput): string {
  return `frontend metrics from web
  bind ${mountPoint}/run/metrics.sock uid ${owner.uid} gid ${owner.gid} mode 600
  http-request use-service prometheus-exporter
`
}

const slotDefaults = `defaults slot
  mode http
  balance leastconn
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
  default-server ${serverOptions}
  errorfile 502 ${mountPoint}/pages/failed.http
  errorfile 503 ${mountPoint}/pages/unhealthy.http
  errorfile 504 ${mountPoint}/pages/too-slow.http
${timeouts}
`
