import { describe, expect, test } from 'vitest'
import { networkPolicy, resolveAllowed } from '../src/index.ts'

describe('where may be connected to', () => {
  const open = networkPolicy(null)
  const strict = networkPolicy([])
  const some = networkPolicy(['10.1.0.0/16', '::1'])

  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '0.0.0.0',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s is refused whatever is allowed', (address) => {
    for (const policy of [open, strict, some, networkPolicy(['0.0.0.0/0'])])
      expect(policy.refusal(address)).not.toBeNull()
  })

  test.each(['127.0.0.1', '10.1.2.3', '192.168.1.1', '172.31.0.1', '::1', 'fd12::1', '::ffff:10.1.2.3'])(
    '%s is private: allowed, unless networks are named',
    (address) => {
      expect(open.refusal(address)).toBeNull()
      expect(strict.refusal(address)).toContain('private')
    },
  )

  test('of private networks, those that are named are allowed', () => {
    expect(some.refusal('10.1.9.9')).toBeNull()
    expect(some.refusal('::ffff:10.1.9.9')).toBeNull()
    expect(some.refusal('::1')).toBeNull()
    expect(some.refusal('10.2.0.1')).not.toBeNull()
    expect(some.refusal('127.0.0.1')).not.toBeNull()
  })

  test('public addresses are allowed', () => {
    for (const policy of [open, strict, some]) {
      expect(policy.refusal('93.184.216.34')).toBeNull()
      expect(policy.refusal('2606:2800:220:1::1')).toBeNull()
    }
  })

  test('a name is judged by what it stands for, in whatever way it is written', async () => {
    expect(await resolveAllowed('localhost', strict)).toHaveProperty('refusal')
    expect(await resolveAllowed('localhost', open)).toHaveProperty('address')
    expect(await resolveAllowed('[::1]', strict)).toHaveProperty('refusal')
    expect(await resolveAllowed(new URL('http://0x7f.1/').hostname, strict)).toHaveProperty('refusal')
    expect(await resolveAllowed(new URL('http://2852039166/').hostname, open)).toHaveProperty('refusal')
  })

  test('a list that is none is refused at once', () => {
    for (const wrong of ['10.0.0.0/33', 'here', '10.0.0.0/x', '::/129']) {
      expect(() => networkPolicy([wrong])).toThrow(RangeError)
    }
  })
})
