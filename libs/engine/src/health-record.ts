/** What the probes of a deployment's instances found: attempts in a row with one outcome are one entry. */
import type { ProbeResult } from '@tagship/domain'
import type { HealthAttempts, Instance, Runtime } from './ports.ts'
import type { StepContext } from './steps/step.ts'

/** Written down this often while it goes on, for who watches. */
const saveMs = 2_000
/** Entries of one instance: one that changes its mind at each attempt must not fill the table. */
const mostEntries = 50

/** Does the work with a runtime whose probes are written down; nobody waits for that, and it may fail. */
export async function recordingHealth(
  context: StepContext,
  work: (context: StepContext) => Promise<void>,
): Promise<void> {
  const { ports, claim } = context
  const entries = new Map<string, HealthAttempts[]>()
  let savedAt = Date.now()
  const save = () => {
    savedAt = Date.now()
    ports.store.recordHealth(claim.deployment.id, [...entries.values()].flat()).catch((err: unknown) => {
      ports.log.warn(
        { err, deployment: claim.deployment.id },
        'the health attempts could not be written down',
      )
    })
  }
  const probe: Runtime['probe'] = async (...asked) => {
    const result = await ports.runtime.probe(...asked)
    note(entries, asked[0], result, new Date())
    if (Date.now() > savedAt + saveMs) save()
    return result
  }
  try {
    await work({ ...context, ports: { ...ports, runtime: { ...ports.runtime, probe } } })
  } finally {
    save()
  }
}

function note(
  entries: Map<string, HealthAttempts[]>,
  { name, process }: Instance,
  { healthy, detail }: ProbeResult,
  at: Date,
): void {
  const own = entries.get(name) ?? []
  entries.set(name, own)
  const last = own.at(-1)
  if (last && last.healthy === healthy && (last.detail === detail || own.length === mostEntries)) {
    own[own.length - 1] = { ...last, attempts: last.attempts + 1, lastAt: at }
  } else {
    own.push({ instance: name, process, healthy, detail, attempts: 1, firstAt: at, lastAt: at })
  }
}
