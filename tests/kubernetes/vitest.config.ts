import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Against a real cluster: `npm run test:kubernetes`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'kubernetes',
    include: ['tests/kubernetes/**/*.test.ts'],
    globalSetup: ['tests/kubernetes/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
})
