import { readFile } from 'node:fs/promises'

/** The images that the launcher prepares (deploy/images), by the names that it gives them. */
export async function preparedImages(): Promise<string[]> {
  return Promise.all((['router', 'base'] as const).map(preparedImage))
}

export async function preparedImage(name: 'router' | 'base'): Promise<string> {
  const version = await readFile(new URL(`../../../deploy/images/${name}/VERSION`, import.meta.url), 'utf8')
  return `tagship/${name}:${version.trim()}`
}
