import { parseHostName } from '@tagship/domain'
import { describe, expect, it } from 'vitest'
import { hostsFor, hostsOf } from '../src/kubernetes/ingress.ts'

const hosts = ['shop.example.com', 'www.example.com'].map(parseHostName)

describe('the Ingress of an app', () => {
  it('leads to each of its hosts, and to the preview of each', () => {
    const previews = ['next.shop.example.com', 'next.www.example.com']
    expect(hostsFor(hosts)).toEqual([...hosts, ...previews])
    expect(hostsFor([])).toEqual([])
  })

  it('has no preview where its name would be longer than names may be', () => {
    const longest = parseHostName(`${'a23456789.'.repeat(24)}example.com`)
    expect(hostsFor([longest])).toEqual([longest])
  })

  it('is compared by its rules', () => {
    const rules = hostsFor(hosts).map((host) => ({ host }))
    expect(hostsOf({ spec: { rules } })).toEqual(hostsFor(hosts))
    expect(hostsOf(null)).toEqual([])
  })
})
