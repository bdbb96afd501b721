import { expect, test } from 'vitest'
import { instanceAddress, overlaps, parseCidr, subnetSettings, subnetsOf } from '../src/docker/addresses.ts'

const subnet = parseCidr('10.192.7.0/24')

test('an address of seven deployments ago is the first to come again', () => {
  const addresses = Array.from({ length: 7 * 32 }, (_, index) =>
    instanceAddress(subnet, 5 + Math.floor(index / 32), index % 32),
  )
  expect(new Set(addresses).size).toBe(7 * 32)
  expect(instanceAddress(subnet, 12, 0)).toBe(addresses[0])
  const hosts = addresses.map((address) => Number(address?.split('.')[3]))
  expect([Math.min(...hosts), Math.max(...hosts)]).toEqual([10, 233])
})

test('the next free one where the own is taken; null where all are', () => {
  const taken = new Set(['10.192.7.42', '10.192.7.43'])
  expect(instanceAddress(subnet, 1, 0)).toBe('10.192.7.42')
  expect(instanceAddress(subnet, 1, 0, taken)).toBe('10.192.7.44')
  const all = new Set(Array.from({ length: 256 }, (_, host) => `10.192.7.${host}`))
  expect(instanceAddress(subnet, 1, 0, all)).toBeNull()
})

test('every network of the pool once, wherever the search begins', () => {
  const pool = parseCidr('10.192.0.0/12')
  const all = [...subnetsOf(pool, 0xfffffff3)]
  expect(new Set(all.map(({ first }) => first)).size).toBe(4096)
  expect(all.every((range) => overlaps(range, pool))).toBe(true)
  expect(subnetSettings(subnet)).toEqual({
    Subnet: '10.192.7.0/24',
    Gateway: '10.192.7.1',
    IPRange: '10.192.7.240/28',
  })
})

test('ranges that meet, and those that do not', () => {
  expect(overlaps(subnet, parseCidr('10.192.7.99/32'))).toBe(true)
  expect(overlaps(subnet, parseCidr('10.0.0.0/8'))).toBe(true)
  expect(overlaps(subnet, parseCidr('10.192.8.0/24'))).toBe(false)
  expect(overlaps(subnet, parseCidr('172.17.0.1/16'))).toBe(false)
})
