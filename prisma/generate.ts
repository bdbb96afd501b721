/**
 * Makes the Prisma client (npm's `postinstall`). Does nothing where the schema and Prisma are those it was
 * made from, needs no network, and installs either the whole client or none of it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const stampFile = new URL('libs/store/src/generated/.made-from', root)
const prisma = createRequire(import.meta.url).resolve('prisma/package.json')
const stamp = madeFrom()

if (readOrNull(stampFile) !== stamp) {
  const cli = join(dirname(prisma), 'build/index.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'generate', '--no-hints'], {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
  })
  if (status === 0) writeFileSync(stampFile, stamp)
  else {
    process.stderr.write(`The Prisma client could not be made.\n${stdout}${stderr}`)
    process.exitCode = 1
  }
}

/** SHA-256 (hex) over everything that decides what the client looks like. */
function madeFrom(): string {
  const hash = createHash('sha256')
  for (const input of [new URL('prisma/schema.prisma', root), prisma])
    hash.update(readFileSync(input)).update('\0')
  return hash.digest('hex')
}

function readOrNull(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
