/** The sample apps as repositories. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SampleRepository, sampleRepository } from '@tagship/tests/git'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))

/** A repository with the files of `examples/NAME` in its first commit, and others that take their place. */
export async function exampleRepository(
  name: string,
  others: Readonly<Record<string, string>> = {},
): Promise<SampleRepository> {
  const folder = join(examples, name)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: Record<string, string | Buffer> = {}
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files[relative(folder, path)] = await readFile(path)
  }
  return sampleRepository({ files: { ...files, ...others } })
}
