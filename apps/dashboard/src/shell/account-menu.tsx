import { Link } from '@tanstack/react-router'
import Keyboard from 'lucide-react/icons/keyboard'
import LogOut from 'lucide-react/icons/log-out'
import UserRound from 'lucide-react/icons/user-round'
import { useCommand } from '../data/commands.ts'
import { signOut, useMe } from '../data/session.ts'
import { setTheme, useTheme } from '../data/theme.ts'
import { Button } from '../parts/button.tsx'
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '../parts/menu.tsx'

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

export function AccountMenu({ onHelp }: { readonly onHelp: () => void }) {
  const theme = useTheme()
  const { name } = useMe()
  const leave = useCommand({ run: signOut })
  return (
    <Menu
      trigger={
        <Button look="quiet" icon aria-label="Account and settings">
          <UserRound />
        </Button>
      }
    >
      <MenuItem render={<Link to="/account" />}>
        <UserRound aria-hidden="true" />
        {name}
      </MenuItem>
      <MenuSeparator />
      <MenuChoice label="Theme" value={theme} options={themes} onChange={setTheme} />
      <MenuSeparator />
      <MenuItem onClick={onHelp}>
        <Keyboard aria-hidden="true" />
        Keyboard
      </MenuItem>
      <MenuItem onClick={() => leave.mutate(undefined)}>
        <LogOut aria-hidden="true" />
        Sign out
      </MenuItem>
    </Menu>
  )
}
