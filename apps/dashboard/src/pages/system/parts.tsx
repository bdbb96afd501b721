import type { SystemJson } from '@tagship/api'
import { Panel } from '../../parts/panel.tsx'
import { Checks } from './checks.tsx'

/** What the controller depends on. Apps serve on while a part is away. */
export function Parts({ ready: { ok, checks } }: Pick<SystemJson, 'ready'>) {
  const away = checks.filter((check) => !check.ok).length
  return (
    <Panel title="Parts" aside={ok ? 'All answer' : `${away} of ${checks.length} do not answer`} flush>
      <Checks
        checks={checks.map(({ name, ok: answers, detail }) => ({
          name,
          ok: answers,
          says: detail ?? (answers ? 'answers' : 'does not answer'),
        }))}
      />
    </Panel>
  )
}
