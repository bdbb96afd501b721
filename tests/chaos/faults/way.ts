import { readFile } from 'node:fs/promises'
import type { Expected } from '../cell.ts'
import type { World } from '../world.ts'

/** One way of a deployment: what brings it about, and what has to come of it. */
export interface Way {
  readonly name: string
  /** The points that it passes, in order. */
  readonly points: readonly string[]
  /** Those of them that `npm test` plays, too. */
  readonly representative?: readonly string[]
  /** Begins it under the fault point. A push that has to be followed for long is left to itself. */
  begin(world: World, point: string): Promise<Expected>
  /** Puts back what the next cell must not find changed; after the outcome. */
  end?(world: World): Promise<void>
}

export const around = (state: string, ...inside: string[]) => [
  `${state}.claimed`,
  ...inside.map((point) => `${state}.${point}`),
  `${state}.acted`,
  `${state}.committed`,
]

export async function commitAgain(world: World, files: Readonly<Record<string, string>>): Promise<void> {
  await world.repository.commit(files, 'Put it right')
}

export function exampleFile(name: string): Promise<string> {
  return readFile(new URL(`../../../examples/node-web/${name}`, import.meta.url), 'utf8')
}
