/** What the control plane lacks, told to whoever looks at its state. */
import type { Client, Readiness } from '@tagship/api'
import { paint, plain } from './text.ts'

/** Nothing where all is well, or where nobody can say. */
export async function degradedLines(client: Client): Promise<string[]> {
  const readiness = await client.readiness().catch(() => null)
  return readiness ? describeReadiness(readiness) : []
}

export function describeReadiness({ checks }: Readiness): string[] {
  const missing = checks.filter(({ ok }) => !ok)
  if (missing.length === 0) return []
  const users = missing.some(({ name }) => name === 'router') ? 'users may not reach apps' : 'apps serve on'
  return [
    paint('yellow', `! The control plane is degraded: ${users}; what changes them waits.`, process.stderr),
    ...missing.map(({ name, detail }) => `  ${name.padEnd(9)} ${plain(detail ?? 'does not answer')}`),
    '  It goes on by itself when what is missing is back; tagship doctor says how to mend it.',
  ]
}
