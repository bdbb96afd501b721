import { expect, test } from 'vitest'
import { nameLayers } from '../src/layers.ts'

const step = (CreatedBy: string, Size: number) => ({ CreatedBy, Size })

test('steps with content have the digests of the layers, in their order', () => {
  const steps = [step('ADD rootfs', 100), step('ENV A=1', 0), step('RUN build ', 20)]
  expect(nameLayers(steps, ['sha256:a', 'sha256:b'])).toEqual([
    { digest: 'sha256:a', bytes: 100, createdBy: 'ADD rootfs' },
    { digest: 'sha256:b', bytes: 20, createdBy: 'RUN build' },
  ])
})

test('a layer without content counts where each step made one', () => {
  const steps = [step('ADD rootfs', 100), step('WORKDIR /app', 0)]
  expect(nameLayers(steps, ['sha256:a', 'sha256:b']).map(({ digest }) => digest)).toEqual([
    'sha256:a',
    'sha256:b',
  ])
})

test('where steps and layers cannot be matched, no digest is claimed', () => {
  const steps = [step('ADD rootfs', 100), step('WORKDIR /app', 0), step('ENV A=1', 0)]
  expect(nameLayers(steps, ['sha256:a', 'sha256:b'])).toEqual([
    { digest: null, bytes: 100, createdBy: 'ADD rootfs' },
  ])
})
