import { createStore, useStore } from './store.ts'

/** `system`: as the machine is set. public/theme.js reads the same key before the first paint. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'tagship.theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')
const theme = createStore<Theme>(parse(localStorage.getItem(key)))

systemIsDark.addEventListener('change', apply)

export function useTheme(): Theme {
  return useStore(theme)
}

export function setTheme(next: Theme): void {
  localStorage.setItem(key, next)
  theme.set(next)
  apply()
}

function apply(): void {
  const chosen = theme.get()
  const dark = chosen === 'dark' || (chosen === 'system' && systemIsDark.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

function parse(text: string | null): Theme {
  return text === 'light' || text === 'dark' ? text : 'system'
}
