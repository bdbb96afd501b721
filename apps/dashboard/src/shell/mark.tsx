/** Two slots, and what they have in common: the release that moves from one to the other. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect x="2" y="2" width="18" height="18" rx="5" fill="var(--blue)" />
      <rect x="12" y="12" width="18" height="18" rx="5" fill="var(--green)" />
      <path d="M17 12h3v3a5 5 0 0 1-5 5h-3v-3a5 5 0 0 1 5-5z" fill="#fff" fillOpacity=".92" />
    </svg>
  )
}
