import { TagshipError, toTagshipError } from '@tagship/domain'
import type { Parts } from './parts.ts'

export interface Readiness {
  readonly ok: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

const patienceMs = 2_000

/** Whether the control plane can do its work now, part by part. Never throws, never takes long. */
export async function readiness(parts: Parts): Promise<Readiness> {
  const checks = await Promise.all([
    check('postgres', () => parts.store.ping()),
    check('queue', () => parts.queue.ping()),
    check('router', () => routerAnswers(parts)),
    check('docker', () => parts.docker.ping()),
  ])
  return { ok: checks.every(({ ok }) => ok), checks }
}

async function check(name: string, ping: () => Promise<unknown>) {
  try {
    await Promise.race([ping(), lateAfter(patienceMs)])
    return { name, ok: true, detail: 'answers' }
  } catch (error) {
    return { name, ok: false, detail: toTagshipError(error).message }
  }
}

async function routerAnswers({ router }: Parts): Promise<void> {
  const { running, container } = await router.status()
  if (running) return
  const problem = router.problem()
  throw new TagshipError('router.unavailable', `${container} does not answer${problem ? `: ${problem}` : ''}`)
}

function lateAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref()
  })
}
