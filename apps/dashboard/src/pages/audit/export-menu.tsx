import Download from 'lucide-react/icons/download'
import { type AuditFilter, type ExportFormat, exportAudit } from '../../data/audit.ts'
import { useCommand } from '../../data/commands.ts'
import { Button } from '../../parts/button.tsx'
import { Menu, MenuItem } from '../../parts/menu.tsx'

/** All that the filter lets through, as a file. */
export function ExportMenu({ filter }: { readonly filter: AuditFilter }) {
  const exporting = useCommand({ run: (format: ExportFormat) => exportAudit(filter, format) })
  return (
    <Menu
      trigger={
        <Button disabled={exporting.isPending}>
          <Download aria-hidden="true" />
          {exporting.isPending ? 'Exporting' : 'Export'}
        </Button>
      }
    >
      <MenuItem onClick={() => exporting.mutate('csv')}>As CSV, for a spreadsheet</MenuItem>
      <MenuItem onClick={() => exporting.mutate('ndjson')}>As JSON, an entry a line</MenuItem>
    </Menu>
  )
}
