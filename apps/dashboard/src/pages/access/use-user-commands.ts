import type { UserJson, UserLinkJson } from '@tagship/api'
import { useQueryClient } from '@tanstack/react-query'
import { usersQuery } from '../../data/access.ts'
import { useCommand } from '../../data/commands.ts'
import { api } from '../../data/session.ts'
import type { Shown } from './shown-once.tsx'

/** What an admin can do with a user besides changing their rights. */
export function useUserCommands({ name, state }: UserJson, onShow: (shown: Shown) => void) {
  const queryClient = useQueryClient()
  const renew = () => queryClient.invalidateQueries({ queryKey: usersQuery.queryKey })
  const user = { params: { user: name } }
  return {
    reset: useCommand({
      run: async () => {
        const shown = linkShown(await api().createUserLink(user))
        if (shown) onShow(shown)
        await renew()
      },
    }),
    disable: useCommand({
      run: () =>
        api()
          .changeUser({ ...user, body: { disabled: state !== 'disabled' } })
          .then(renew),
      done: () => ({ title: state === 'disabled' ? `${name} may sign in again` : `${name} is kept out` }),
    }),
    remove: useCommand({
      run: () => api().removeUser(user).then(renew),
      done: () => ({
        title: `${name} is removed`,
        text: 'Sessions and tokens have ended. What they did stays in the history.',
      }),
    }),
  }
}

/** Null where it was shown before. */
export function linkShown({ user, link, expiresAt }: UserLinkJson): Shown | null {
  return link === null ? null : { what: `The link for ${user.name}`, secret: link, expiresAt }
}
