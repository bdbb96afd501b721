import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { AuditFilter } from '../../data/audit.ts'
import { Page } from '../../parts/page.tsx'
import { AuditList } from './audit-list.tsx'
import { ExportMenu } from './export-menu.tsx'
import { Filters } from './filters.tsx'
import { Verify } from './verify.tsx'

/** Who did what, what was refused, and whether the record is intact. */
export function AuditPage() {
  const filter = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const change = useCallback(
    (part: AuditFilter) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true }),
    [navigate],
  )
  return (
    <Page name="Audit" aside={<ExportMenu filter={filter} />}>
      <Verify />
      <Filters filter={filter} onChange={change} onClear={() => void navigate({ search: {} })} />
      <AuditList filter={filter} />
    </Page>
  )
}
