import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { localBase, sampleApp } from '../support/sample-app.ts'

/** Each example as it is, with its own manifest; only the base image is named, for machines without a registry. */
describe('the examples', () => {
  let at: Installation
  beforeAll(async () => {
    at = await startInstallation()
  })
  afterAll(async () => {
    await at?.[Symbol.asyncDispose]()
  })

  it.each([
    ['node-web', 'You are looking at version'],
    ['static-site', '<h1'],
    ['java-tomcat', 'Tomcat'],
  ])('%s is deployed by a push', { timeout: 600_000 }, async (example, text) => {
    await using app = await sampleApp('', example)
    await at.json(['app', 'add', example, '--build-arg', await localBase()])
    await app.tag('v1.0.0')
    const pushed = await at.push(example, app, 'main', 'v1.0.0')
    expect(pushed.stderr).toContain('serves at')
    const answer = await at.fetch(`${example}.localhost`)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(text)
  })
})
