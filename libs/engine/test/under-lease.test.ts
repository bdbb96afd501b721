import { expect, test } from 'vitest'
import type { Ports } from '../src/ports.ts'
import { underLease } from '../src/under-lease.ts'

test('acts go through while the lease holds, and none once it is lost; looking is always allowed', async () => {
  const done: string[] = []
  const act = (name: string) => async () => void done.push(name)
  const ports = {
    runtime: { start: act('start'), remove: act('remove'), list: act('list') },
    router: { switchTo: act('switch') },
    store: { appendLog: act('log') },
    builder: {},
  } as unknown as Ports
  let lost = false
  const held = underLease(ports, { lost: () => lost })
  await held.runtime.start({} as never)
  lost = true
  for (const late of [
    () => held.runtime.start({} as never),
    () => held.runtime.remove({} as never),
    () => held.router.switchTo({} as never, 1n, {} as never),
    () => held.store.appendLog('', 'build', []),
  ]) {
    await expect(late()).rejects.toThrow('another worker')
  }
  await held.runtime.list('shop' as never)
  expect(done).toEqual(['start', 'list'])
})
