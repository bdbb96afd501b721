import type { V1Service } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { stateOf } from '../src/kubernetes/services.ts'

/** A Service as the router writes it, with green live. */
function service(changes: { readonly selector?: string; readonly port?: string } = {}): V1Service {
  return {
    metadata: {
      resourceVersion: '42',
      annotations: {
        'dev.tagship.fence': '17',
        'dev.tagship.blue': 'shop-6-web',
        'dev.tagship.green': 'shop-7-web',
      },
    },
    spec: {
      clusterIP: '10.96.0.9',
      selector: { 'dev.tagship': 'i1', 'dev.tagship.set': changes.selector ?? 'shop-7-web' },
      ports: [{ name: 'http', port: 80, targetPort: changes.port ?? 'green' }],
    },
  }
}

describe('what a Service says', () => {
  it('is which slot is live, by the set that its selector names', () => {
    expect(stateOf(service())).toEqual({
      fence: 17n,
      sets: { blue: 'shop-6-web', green: 'shop-7-web' },
      live: 'green',
      selected: 'shop-7-web',
      portSlot: 'green',
      clusterIp: '10.96.0.9',
      version: '42',
    })
  })

  it('is nothing live where its selector names a set that is in no slot', () => {
    expect(stateOf(service({ selector: 'somebody-elses' }))).toMatchObject({
      live: null,
      selected: 'somebody-elses',
    })
  })

  it('is nothing selected before its first switch', () => {
    expect(stateOf(service({ selector: 'none' }))).toMatchObject({ live: null, selected: null })
  })

  it('tells a port that leads to the other slot', () => {
    expect(stateOf(service({ port: 'blue' }))).toMatchObject({ live: 'green', portSlot: 'blue' })
    expect(stateOf(service({ port: '8080' })).portSlot).toBeNull()
  })

  it('is the least of all fences where it has none', () => {
    expect(stateOf({ metadata: {}, spec: {} })).toMatchObject({ fence: 0n, live: null, version: null })
  })
})
