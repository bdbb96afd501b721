import { expect, test } from 'vitest'
import { parseListeners } from '../src/docker/listening.ts'

const row = (local: string, state: string) => `   0: ${local} 00000000:0000 ${state} 00000000:00000000`

test('listeners, not connections, and not the name server of the engine', () => {
  const table = [
    '  sl  local_address rem_address   st',
    row('00000000:0BB8', '0A'),
    row('0100007F:1F90', '0A'),
    row('0B00007F:9C41', '0A'),
    row('0200C00A:0BB8', '01'),
    row('00000000000000000000000000000000:0050', '0A'),
    row('00000000000000000000000001000000:0051', '0A'),
    row('0000000000000000FFFF00000100007F:0052', '0A'),
  ].join('\n')
  expect(parseListeners(table)).toEqual([
    { port: 3000, loopback: false },
    { port: 8080, loopback: true },
    { port: 80, loopback: false },
    { port: 81, loopback: true },
    { port: 82, loopback: true },
  ])
})
