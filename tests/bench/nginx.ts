/** nginx as reverse proxy, as one who knows it would set it up: what the router is compared with. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDocker, runCommand } from '@tagship/kit'
import { freePort } from '@tagship/tests/installation'
import { routerImage } from './own-router.ts'

/** Where its container has the root of this machine, whose nginx it runs. */
const machine = '/machine'

export interface Nginx extends AsyncDisposable {
  readonly url: string
}

/**
 * Passes what is asked of `host` on to `upstream` (`172.17.0.2:8080`). In a container, as the router is: on a machine
 * whose cores are all busy, it makes more of a difference than anything else with whom a proxy shares its part of
 * them (docs/adr/0001). Throws where nginx is missing or refuses.
 */
export async function startNginx(installation: string, host: string, upstream: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-bench-nginx-'))
  // The workers are of another user.
  await mkdir(join(folder, 'tmp'), { mode: 0o777 })
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  await writeFile(config, renderConfig(folder, port, host, upstream))
  const checked = await runCommand('nginx', ['-t', '-q', '-e', 'stderr', '-c', config])
  if (checked.exitCode !== 0) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(
      checked.startError
        ? 'nginx is not there; install it for the bench: apt-get install nginx-light'
        : `nginx refuses its config: ${checked.stderr}`,
    )
  }
  const container = await createDocker().createContainer({
    Image: await routerImage(),
    Cmd: ['chroot', machine, 'nginx', '-e', 'stderr', '-c', config],
    Labels: { 'dev.tagship': installation },
    HostConfig: { NetworkMode: 'host', Binds: [`/:${machine}`] },
  })
  await using begun = new AsyncDisposableStack()
  begun.defer(() => rm(folder, { recursive: true, force: true }))
  begun.defer(() => container.remove({ force: true }))
  await container.start()
  const url = `http://127.0.0.1:${port}`
  await untilItListens(port)
  const running = begun.move()
  return { url, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function untilItListens(port: number): Promise<void> {
  for (let look = 0; look < 100; look += 1, await sleep(50)) {
    const socket = connect(port, '127.0.0.1')
    const listens = await once(socket, 'connect').catch(() => null)
    socket.destroy()
    if (listens) return
  }
  throw new Error('the container of nginx runs, and nobody listens in it')
}

/**
 * It does what our router does for a request: finds the site by the host, adds the same headers, keeps a request id that
 * is one, and keeps its connections to the app. It has a worker a core, as the router has a thread.
 */
function renderConfig(folder: string, port: number, host: string, upstream: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/tmp/${name};`,
  )
  return `daemon off;
worker_processes auto;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {
  worker_connections 8192;
}
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
${temporary.join('\n')}
  upstream app {
    server ${upstream};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  map $http_x_request_id $kept_request_id {
    default $request_id;
    "~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id;
  }
  server {
    listen 127.0.0.1:${port} default_server reuseport backlog=4096;
    return 404;
  }
  server {
    listen 127.0.0.1:${port};
    server_name ${host};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $kept_request_id;
    }
  }
}
`
}
