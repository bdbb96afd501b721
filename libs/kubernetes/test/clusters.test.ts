import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openClusters } from '../src/clusters.ts'

const folder = mkdtempSync(join(tmpdir(), 'tagship-clusters-'))
const file = join(folder, 'config.yaml')
afterAll(() => rmSync(folder, { recursive: true }))

function write(server: string, ...contexts: string[]): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'one', cluster: { server } }],
    users: [{ name: 'who', user: { token: 'secret' } }],
    contexts: contexts.map((name) => ({ name, context: { cluster: 'one', user: 'who' } })),
    'current-context': contexts[0],
  }
  writeFileSync(file, JSON.stringify(config))
}

describe('the clusters of a kubeconfig', () => {
  it('are found by the name of their context, and read again when the file has changed', () => {
    write('https://127.0.0.1:1', 'first', 'second')
    const clusters = openClusters({ KUBECONFIG: file })
    expect(clusters(null)).toBe(clusters(null))
    expect(clusters('second').server).toBe('https://127.0.0.1:1')
    write('https://127.0.0.1:22', 'first', 'second')
    expect(clusters(null).server).toBe('https://127.0.0.1:22')
  })

  it('are named where one is asked for that is not there', () => {
    write('https://127.0.0.1:1', 'first', 'second')
    const clusters = openClusters({ KUBECONFIG: file })
    expect(() => clusters('moon')).toThrow(/no context "moon"; it has first, second/)
    expect(() => openClusters({ KUBECONFIG: join(folder, 'nothing') })(null)).toThrow(
      /there is no kubeconfig at/,
    )
  })

  it.each([
    '/../../../../secrets',
    '/%2e%2e/%2E%2e/secrets',
    '/..\\..\\secrets',
    '/.\t./.\n./secrets',
    '.evil/',
  ])('are not asked for %j, which leads out of where it may be asked', async (path) => {
    write('https://127.0.0.1:1/behind/a/proxy', 'first')
    const base = '/api/v1/namespaces/shop/pods/web:80/proxy'
    const asking = openClusters({ KUBECONFIG: file })(null).request({ base, path })
    await expect(asking).rejects.toMatchObject({ code: 'cluster.refused' })
  })
})
