/** Keys that do something on the page that is shown. */
import { useEffect, useRef } from 'react'
import { createStore, useStore } from './store.ts'

export interface Shortcut {
  /** `r`, `mod+k` (Ctrl, or Command on a Mac), or two keys after each other: `g o`. */
  readonly keys: string
  /** For the list of keys. */
  readonly does: string
  readonly run: () => void
}

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent)
export const modKey = isMac ? '⌘' : 'Ctrl'
/** The second key has to follow the first this soon. */
const sequenceMs = 1_000

const registered = createStore<readonly Shortcut[]>([])

/** All that work now, those of the page last. */
export function useAllShortcuts(): readonly Shortcut[] {
  return useStore(registered)
}

/** They work while the component is there; not while somebody writes or a dialog is open. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  const names = shortcuts.map(({ keys, does }) => `${keys}\n${does}`).join('\n\n')
  useEffect(() => {
    const own =
      names === '' ? [] : names.split('\n\n').map((name, index) => stableShortcut(name, latest, index))
    registered.set((all) => [...all, ...own])
    return () => registered.set((all) => all.filter((one) => !own.includes(one)))
  }, [names])
}

function stableShortcut(
  name: string,
  latest: { readonly current: readonly Shortcut[] },
  index: number,
): Shortcut {
  const [keys = '', does = ''] = name.split('\n')
  return { keys, does, run: () => latest.current[index]?.run() }
}

let first: { key: string; at: number } | null = null

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey) return
  const pressed = (event.ctrlKey || event.metaKey ? 'mod+' : '') + event.key.toLowerCase()
  if (!pressed.startsWith('mod+') && isBusy(event.target)) return
  const sequence = first && event.timeStamp - first.at < sequenceMs ? `${first.key} ${pressed}` : null
  first = { key: pressed, at: event.timeStamp }
  const found = registered.get().findLast(({ keys }) => keys === sequence || keys === pressed)
  if (!found) return
  first = null
  event.preventDefault()
  found.run()
})

/** A toast is a dialog, too, that keeps nobody from anything. */
const inTheWay = '[role="dialog"]:not([aria-modal="false"]), [role="alertdialog"], [role="menu"]'

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector(inTheWay)) return true
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  )
}
