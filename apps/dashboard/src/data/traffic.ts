/** What the router counts, as it counts it. */
import type { SlotRateJson } from '@tagship/api'
import { useEffect, useState } from 'react'
import { api } from './session.ts'

const againMs = 2_000

/** Of both slots of an app, renewed with each look at the router; empty while there is none. */
export function useRates(app: string): readonly SlotRateJson[] {
  const [rates, setRates] = useState<readonly SlotRateJson[]>([])
  useEffect(() => {
    const gone = new AbortController()
    void followRates(app, gone.signal, setRates)
    return () => gone.abort()
  }, [app])
  return rates
}

async function followRates(
  app: string,
  signal: AbortSignal,
  onRates: (rates: readonly SlotRateJson[]) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { apps } of await api().follow.readTraffic({ query: { app }, signal }))
        onRates(apps.find((one) => one.app === app)?.slots ?? [])
    } catch {
      // That the connection is broken, the page says already.
    }
    if (signal.aborted) return
    onRates([])
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
}
