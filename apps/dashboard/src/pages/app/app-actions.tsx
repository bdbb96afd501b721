import type { AppJson } from '@tagship/api'
import Ellipsis from 'lucide-react/icons/ellipsis'
import Pause from 'lucide-react/icons/pause'
import Play from 'lucide-react/icons/play'
import Rocket from 'lucide-react/icons/rocket'
import Undo2 from 'lucide-react/icons/undo-2'
import { useState } from 'react'
import { useDeploy, useHold, useResume } from '../../data/commands.ts'
import { useMay } from '../../data/session.ts'
import { useShortcuts } from '../../data/shortcuts.ts'
import { Button } from '../../parts/button.tsx'
import { Menu, MenuItem } from '../../parts/menu.tsx'
import { RollbackDialog } from '../../parts/rollback/rollback-dialog.tsx'
import { DeployDialog } from './deploy-dialog.tsx'

/** For those who may deploy it. */
export function AppActions({ app }: { readonly app: AppJson }) {
  return useMay('deployer', app.name) && <Actions app={app} />
}

/** What can be done with an app; `r` opens the rollback from anywhere on its pages. */
function Actions({ app }: { readonly app: AppJson }) {
  const { name, live, hold } = app
  const [open, setOpen] = useState<'rollback' | 'deploy' | null>(null)
  const deploy = useDeploy(name)
  const holding = useHold(name)
  const resume = useResume(name)
  const canRollBack = live !== null
  useShortcuts([
    { keys: 'r', does: `Roll ${name} back`, run: () => canRollBack && setOpen('rollback') },
    { keys: 'd', does: `Deploy a tag of ${name}`, run: () => setOpen('deploy') },
  ])
  return (
    <>
      <Button onClick={() => setOpen('rollback')} disabled={!canRollBack}>
        <Undo2 aria-hidden="true" />
        Roll back
      </Button>
      <Button look="strong" onClick={() => setOpen('deploy')}>
        <Rocket aria-hidden="true" />
        Deploy
      </Button>
      <Menu
        trigger={
          <Button look="quiet" icon aria-label="More">
            <Ellipsis />
          </Button>
        }
      >
        {hold ? (
          <MenuItem onClick={() => resume.mutate()}>
            <Play aria-hidden="true" />
            Resume auto-deploy
          </MenuItem>
        ) : (
          <MenuItem onClick={() => holding.mutate('')}>
            <Pause aria-hidden="true" />
            Hold auto-deploy
          </MenuItem>
        )}
      </Menu>
      <RollbackDialog app={name} open={open === 'rollback'} onClose={() => setOpen(null)} />
      <DeployDialog
        app={name}
        open={open === 'deploy'}
        onClose={() => setOpen(null)}
        onDeploy={(tag) => deploy.mutate(tag)}
      />
    </>
  )
}
