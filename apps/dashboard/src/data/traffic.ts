/** What the router counts, as it counts it. */
import type { SlotRateJson } from '@tagship/api'
import { useEffect, useState } from 'react'
import { api } from './session.ts'
import { pause, whileVisible } from './while-visible.ts'

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
  await whileVisible(signal, async (visible) => {
    try {
      for await (const { apps } of await api().follow.readTraffic({ query: { app }, signal: visible }))
        onRates(apps.find((one) => one.app === app)?.slots ?? [])
    } catch {
      // That the connection is broken, the page says already.
    }
    if (signal.aborted) return
    onRates([])
    await pause(againMs, visible)
  })
}
