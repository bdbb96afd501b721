import type { ListedDeploymentJson } from '@tagship/api'

export const t0 = Date.UTC(2026, 10, 24, 12)

export function at(seconds: number): string {
  return new Date(t0 + seconds * 1_000).toISOString()
}

/** One that was retired, with what a test changes of it. */
export function deployment(
  number: number,
  changed: Partial<ListedDeploymentJson> = {},
): ListedDeploymentJson {
  const durations = {
    queue: null,
    build: null,
    release: null,
    boot: null,
    verify: null,
    wait: null,
    switch: null,
    drain: null,
    bake: null,
    toServing: null,
  }
  return {
    id: `6f1b6c1e-6a7f-4a54-9f0a-${String(number).padStart(12, '0')}`,
    app: 'shop',
    number,
    release: `v${number}`,
    tag: `v${number}.0.0`,
    commit: 'a'.repeat(40),
    subject: null,
    author: null,
    committedAt: null,
    imageDigest: null,
    imageBytes: null,
    revision: null,
    state: 'retired',
    slot: number % 2 === 1 ? 'blue' : 'green',
    serving: false,
    trigger: 'tag',
    actor: 'anna',
    reason: null,
    createdAt: at(number * 100),
    startedAt: null,
    servingAt: null,
    finishedAt: null,
    phases: [],
    durations,
    failure: null,
    rollback: { possible: false, why: '' },
    ...changed,
  }
}
