import { readFile } from 'node:fs/promises'

/** Tagship's own version, from its package.json. */
export async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return String(JSON.parse(text).version)
}
