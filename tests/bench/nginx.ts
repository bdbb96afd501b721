/** nginx as reverse proxy, as one who knows it would set it up: what the router is compared with. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '@tagship/kit'
import { freePort } from '@tagship/tests/installation'

export interface Nginx extends AsyncDisposable {
  readonly url: string
}

/** Passes what is asked of `host` on to `upstream` (`172.17.0.2:8080`). Throws where nginx is missing or refuses. */
export async function startNginx(host: string, upstream: string): Promise<Nginx> {
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
  const child = spawn('nginx', ['-e', 'stderr', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : null
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * It does what our router does for a request: finds the site by the host, adds the same headers, keeps a request id that
 * is one, and keeps its connections to the app. It has a worker a core, where the router has a thread for half of them,
 * and no container around it: nobody who sets nginx up would do otherwise.
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
