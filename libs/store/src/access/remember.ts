/** What is revoked works for at most this long. */
const rememberedMs = 5_000
const rememberedAtMost = 1_000

/** Answers of the last seconds, so that not every request asks the database who it is. */
export function remembering<T>() {
  const known = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    async get(key: string, ask: () => Promise<T>): Promise<T> {
      const found = known.get(key)
      if (found && found.until > Date.now()) return found.value
      const value = await ask()
      if (known.size >= rememberedAtMost) known.clear()
      known.set(key, { value, until: Date.now() + rememberedMs })
      return value
    },
    forget: (key: string): void => void known.delete(key),
    forgetAll: (): void => known.clear(),
  }
}
