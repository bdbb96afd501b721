/** Ends one build on the engine; the others go on. */
import type { Docker } from '@tagship/kit'
import { askEngine, dialEngine } from './engine.ts'

/** @param id the `buildid` that the build was started with. @throws engine.* */
export async function cancelBuild(docker: Docker, id: string): Promise<void> {
  const request = {
    path: '/build/cancel?',
    method: 'POST',
    options: { id },
    statusCodes: { 200: true, 204: true, 400: 'bad parameter', 500: 'server error' },
  }
  await askEngine('canceling a build', () => dialEngine(docker, request), 5_000)
}
