import type { AppJson } from '@tagship/api'

/** Whether all words are found in what the card shows. */
export function matches({ name, hosts, live, hold, active }: AppJson, text: string): boolean {
  const shown = [
    name,
    ...hosts,
    live?.release,
    live?.tag,
    live?.commit,
    live?.slot,
    hold && 'hold',
    active && `busy ${active.state}`,
  ]
  const haystack = shown.filter(Boolean).join(' ').toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}
