import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { containerOf, describeWaiting } from '../src/kubernetes/pod.ts'

function status(name: string, state: V1ContainerStatus['state'] = { running: {} }): V1ContainerStatus {
  return { name, state, image: '', imageID: '', ready: false, restartCount: 0 }
}

/** A cluster lists containers by their names, and may have added some. */
function pod(...containerStatuses: V1ContainerStatus[]): V1Pod {
  return { metadata: { labels: { 'dev.tagship.process': 'web' } }, status: { containerStatuses } }
}

describe('a pod with several containers', () => {
  it('is judged by the one that its process runs in', () => {
    const found = containerOf(pod(status('istio-proxy'), status('tagship-counter'), status('web')))
    expect(found?.name).toBe('web')
  })

  it('says whom it waits for', () => {
    const pulling = { waiting: { reason: 'ImagePullBackOff', message: 'not found' } }
    expect(describeWaiting(pod(status('tagship-counter'), status('web')))).toBeNull()
    expect(describeWaiting(pod(status('tagship-counter', pulling), status('web', pulling)))).toBe(
      'ImagePullBackOff: not found',
    )
    expect(describeWaiting(pod(status('tagship-counter', pulling), status('web')))).toBe(
      'tagship-counter: ImagePullBackOff: not found',
    )
    const creating = { waiting: { reason: 'ContainerCreating' } }
    expect(describeWaiting(pod(status('web', creating)))).toBeNull()
  })
})
