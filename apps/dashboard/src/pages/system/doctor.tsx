import { useQuery } from '@tanstack/react-query'
import { doctorQuery } from '../../data/system.ts'
import { Panel } from '../../parts/panel.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Checks } from './checks.tsx'

/** What the doctor finds on the controller's machine; only for admins, since it names folders and programs. */
export function Doctor() {
  const { data, error, refetch } = useQuery(doctorQuery)
  const ill = data?.items.filter(({ ok }) => !ok).length
  return (
    <Panel title="Doctor" aside={data && (ill === 0 ? 'Nothing to mend' : `${ill} to mend`)} flush>
      {error && !data && <Failed error={error} again={() => void refetch()} />}
      {!error && !data && <Loading lines={6} />}
      {data && (
        <Checks
          checks={data.items.map(({ name, ok, detail, mend }) => ({
            name,
            ok,
            says: (
              <>
                {detail}
                {!ok && mend && <p>{mend}</p>}
              </>
            ),
          }))}
        />
      )}
    </Panel>
  )
}
