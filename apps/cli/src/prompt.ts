/** Questions to the person at the terminal. */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { usageError } from './errors.ts'

/** A secret, not shown while it is typed; from a pipe or file, all of it. */
export async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin)
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/**
 * The value of a secret. From a pipe, one line break at the end is left out: `echo` and most programs add it.
 * @throws usage where it is not text
 */
export async function askSecret(question: string): Promise<string> {
  if (process.stdin.isTTY) return ask(question)
  return utf8(await buffer(process.stdin), 'stdin').replace(/\r?\n$/, '')
}

/** Byte for byte. @throws usage where it cannot be read, or is not text */
export async function readSecretFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw usageError(`--from-file ${path}: ${error.message}`)
  })
  return utf8(bytes, path)
}

function utf8(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw usageError(
      `${source} is not UTF-8 text, which an environment variable has to be`,
      'Encode it: base64.',
    )
  }
}

/** @throws usage where nobody can be asked and --yes was not given */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY)
    throw usageError(`${question} Nobody can be asked here.`, 'Give --yes to confirm.')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}
