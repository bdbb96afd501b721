import { parseAppName, parseImageDigest, parseManifest, parseProcessName } from '@tagship/domain'
import type { InstanceSpec } from '@tagship/engine'
import { describe, expect, it } from 'vitest'
import { type ImageConfig, podTemplate } from '../src/kubernetes/pod-template.ts'

const manifest = parseManifest(
  'processes: { web: { port: 3000, drain: 20s, stop: 5s, health: { path: /up } } }',
)
const web = manifest.processes.web
const spec: InstanceSpec = {
  app: parseAppName('shop'),
  deploymentId: '6f1f2c5e-0000-4000-8000-000000000000',
  deploymentNumber: 7,
  release: 5,
  slot: 'green',
  process: parseProcessName('web'),
  ordinal: 0,
  replicas: 2,
  replica: 0,
  port: 3000,
  counted: false,
  health: web?.health ?? null,
  imageDigest: parseImageDigest(`sha256:${'a'.repeat(64)}`),
  command: null,
  env: {},
  memoryBytes: 256 * 1024 ** 2,
  cpus: 0.5,
  drainMs: 20_000,
  stopMs: 5_000,
  filesystem: manifest.filesystem,
}
const config: ImageConfig = { exposedPorts: [], hasHealthcheck: false, user: '', healthcheck: null }

function pod(
  changes: Partial<InstanceSpec> = {},
  image: Partial<ImageConfig> = {},
  role: 'set' | 'release-command' = 'set',
  counterImage: string | null = null,
) {
  const input = { installation: 'i1', spec: { ...spec, ...changes }, config: { ...config, ...image } }
  const template = podTemplate(
    { ...input, counterImage, image: 'registry/shop@sha256:b', pullSecret: 'key' },
    role,
  )
  const made = template.spec
  const [container, counter] = made?.containers ?? []
  if (!made || !container) throw new Error('no pod')
  return { ...made, container, counter, annotations: template.metadata?.annotations ?? {} }
}

describe('the pod of an instance', () => {
  it('is locked in', () => {
    const { container, securityContext, automountServiceAccountToken, imagePullSecrets } = pod()
    expect(container.image).toBe('registry/shop@sha256:b')
    expect(container.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
    expect(securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' })
    expect(container.resources?.limits).toEqual({ cpu: '500m', memory: '268435456' })
    expect(automountServiceAccountToken).toBe(false)
    expect(imagePullSecrets).toEqual([{ name: 'key' }])
  })

  it.each([
    ['', { runAsNonRoot: true, runAsUser: 65_532 }],
    ['root', { runAsNonRoot: true, runAsUser: 65_532 }],
    ['0:0', { runAsNonRoot: true, runAsUser: 65_532 }],
    ['1000:2000', { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 2000 }],
  ])('never runs as root: an image with the user %j', (user, expected) => {
    expect(pod({}, { user }).securityContext).toMatchObject(expected)
  })

  it('leaves a user that is given by name to the image', () => {
    expect(pod({}, { user: 'node' }).securityContext).not.toHaveProperty('runAsUser')
  })

  it('names its port after its slot, so that a Service finds it whatever its number', () => {
    expect(pod().container.ports).toEqual([{ name: 'green', containerPort: 3000, protocol: 'TCP' }])
    expect(pod({ port: null }).container.ports).toBeUndefined()
  })

  it('serves what it has before it is told to end, and has its time after that', () => {
    const { container, terminationGracePeriodSeconds } = pod()
    expect(container.lifecycle?.preStop?.exec?.command).toEqual(['sleep', '20'])
    expect(terminationGracePeriodSeconds).toBe(45)
    expect(pod({ port: null }).container.lifecycle).toBeUndefined()
  })

  it('is asked whether it is ready as the manifest or the image says', () => {
    expect(pod().container.readinessProbe?.httpGet).toEqual({ path: '/up', port: 3000 })
    const other = { ...spec.health, status: { from: 401, to: 401 } } as InstanceSpec['health']
    expect(pod({ health: other }).container.readinessProbe?.tcpSocket).toEqual({ port: 3000 })
    const image = { hasHealthcheck: true, healthcheck: ['/bin/check'] }
    const byImage = { ...spec.health, kind: 'image' } as InstanceSpec['health']
    expect(pod({ health: byImage }, image).container.readinessProbe?.exec).toEqual({
      command: ['/bin/check'],
    })
  })

  it('of a release command runs once, and is asked nothing', () => {
    const { restartPolicy, container } = pod({ command: ['node', 'migrate.js'] }, {}, 'release-command')
    expect(restartPolicy).toBe('Never')
    expect(container.command).toEqual(['node'])
    expect(container.args).toEqual(['migrate.js'])
    expect(container.readinessProbe).toBeUndefined()
  })

  it('mounts a claim of the volume’s name', () => {
    const filesystem = { ...spec.filesystem, volumes: ['uploads:/data'] }
    const { volumes, container } = pod({ filesystem })
    expect(volumes).toContainEqual({ name: 'data-0', persistentVolumeClaim: { claimName: 'uploads' } })
    expect(container.volumeMounts).toContainEqual({ name: 'data-0', mountPath: '/data' })
  })

  describe('whose requests are counted', () => {
    const counted = (changes: Partial<InstanceSpec> = {}) =>
      pod(changes, {}, 'set', 'registry/counter@sha256:c')

    it('has a counter before its program, which the Service leads to', () => {
      const { container, counter, volumes } = counted()
      expect(container.ports).toBeUndefined()
      expect(counter?.image).toBe('registry/counter@sha256:c')
      expect(counter?.ports).toContainEqual({ name: 'green', containerPort: 15_080, protocol: 'TCP' })
      expect(volumes?.at(-1)?.downwardAPI?.items?.[0]).toMatchObject({
        fieldRef: { fieldPath: "metadata.annotations['dev.tagship.counter']" },
      })
      expect(pod().counter).toBeUndefined()
    })

    it.each([3_000, 15_080, 15_081, 15_090, 15_091])('never takes the program’s port, such as %d', (port) => {
      const { counter, annotations } = counted({ port })
      const taken = counter?.ports?.map(({ containerPort }) => containerPort) ?? []
      expect(new Set([...taken, port]).size).toBe(3)
      const config = annotations['dev.tagship.counter']
      expect(config).toContain(`server program 127.0.0.1:${port}\n`)
      for (const one of taken) expect(config).toContain(`bind :${one}\n`)
    })

    it('is locked in as the program is, and ends ahead of it', () => {
      const { container, counter, terminationGracePeriodSeconds } = counted({ port: 80 })
      expect(counter?.securityContext).toMatchObject({ ...container.securityContext, runAsNonRoot: true })
      expect(counter?.lifecycle?.preStop?.exec?.command?.at(-2)).toBe('20')
      expect(container.lifecycle?.preStop?.exec?.command).toEqual(['sleep', '22'])
      expect(terminationGracePeriodSeconds).toBe(22 + 20 + 5)
    })
  })
})
