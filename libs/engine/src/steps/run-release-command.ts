import { idleSlot, TagshipError } from '@tagship/domain'
import { openLogWriter } from '../log-writer.ts'
import type { InstanceSpec } from '../ports.ts'
import { releaseCommandSpec } from '../specs.ts'
import { happened, type Step, type StepContext } from './step.ts'

/**
 * Runs the manifest's release command once, from the new image, before anything boots. A rollback skips it:
 * the command of an old release has run in its day, and must not work on today's data again.
 */
export const runReleaseCommand: Step = async (context) => {
  const { claim, ports } = context
  const released = happened('released', { slot: idleSlot(claim.app.liveSlot) })
  const release = claim.manifest?.release
  if (!release || claim.deployment.trigger === 'rollback') return released

  const env = await ports.store.environment(claim)
  await runToEnd(context, releaseCommandSpec(claim, release.command, env), release.timeout)
  return released
}

/** @throws release.commandFailed, release.commandTimeout */
async function runToEnd(
  { ports, claim, signal }: StepContext,
  spec: InstanceSpec,
  timeoutMs: number,
): Promise<void> {
  const log = openLogWriter(ports.store, claim.deployment.id, 'release')
  const last: string[] = []
  const result = await ports.runtime.runOnce(
    spec,
    timeoutMs,
    (line) => {
      log.write(line.text, { process: 'release', at: line.at })
      last.push(line.text)
      if (last.length > 10) last.shift()
    },
    signal,
  )
  await log.close()
  if (result.exitCode === 0) return
  const how = result.outOfMemory ? 'ran out of memory' : `exited with code ${result.exitCode}`
  throw new TagshipError(
    'release.commandFailed',
    [`\`${spec.command?.join(' ')}\` ${how}`, ...last].join('\n'),
  )
}
