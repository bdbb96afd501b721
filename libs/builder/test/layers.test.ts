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

test('a layer without content counts beside steps that only set something, however they are written', () => {
  const steps = [
    step('', 100),
    step('WORKDIR /app', 0),
    step('COPY . . # buildkit', 5),
    step('USER 1000:1000', 0),
    step('/bin/sh -c #(nop)  CMD ["node"]', 0),
  ]
  expect(nameLayers(steps, ['sha256:a', 'sha256:b', 'sha256:c'])).toEqual([
    { digest: 'sha256:a', bytes: 100, createdBy: '' },
    { digest: 'sha256:b', bytes: 0, createdBy: 'WORKDIR /app' },
    { digest: 'sha256:c', bytes: 5, createdBy: 'COPY . . # buildkit' },
  ])
})

test('where steps and layers cannot be matched, no digest is claimed', () => {
  const steps = [step('ADD rootfs', 100), step('WORKDIR /app', 0), step('ENV A=1', 0)]
  expect(nameLayers(steps, ['sha256:a', 'sha256:b', 'sha256:c', 'sha256:d'])).toEqual([
    { digest: null, bytes: 100, createdBy: 'ADD rootfs' },
  ])
})
