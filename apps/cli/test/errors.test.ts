import { ApiError, ControllerUnreachable, type DeploymentJson, problemOf } from '@tagship/api'
import { TagshipError } from '@tagship/domain/errors'
import { describe, expect, test } from 'vitest'
import { keyValues } from '../src/command.ts'
import { troubleOf, usageError } from '../src/errors.ts'
import { reached } from '../src/wait.ts'

describe('the exit code', () => {
  const timeout = new DOMException('late', 'TimeoutError')
  test.each([
    [1, new ApiError(problemOf('engine.failed', 'x', '/'))],
    [2, usageError('x')],
    [2, new ApiError(problemOf('host.taken', 'x', '/'))],
    [3, timeout],
    [4, new ApiError(problemOf('app.notFound', 'x', '/'))],
    [4, new ApiError(problemOf('image.missing', 'x', '/'))],
    [5, new ApiError(problemOf('deployment.superseded', 'x', '/'))],
    [6, new ApiError(problemOf('app.onHold', 'x', '/'))],
    [7, new ControllerUnreachable('http://x', 'x')],
    [8, new ApiError(problemOf('auth.forbidden', 'x', '/'))],
    [8, new TagshipError('auth.missing', 'x')],
    [1, new Error('x')],
  ])('is %i for %s', (exitCode, error) => {
    expect(troubleOf(error).exitCode).toBe(exitCode)
  })

  test('of a code that a newer controller knows is 1', () => {
    const error = new ApiError({ code: 'new.code', status: 400, detail: 'x', mend: 'y' })
    expect(troubleOf(error)).toMatchObject({ code: 'new.code', exitCode: 1, mend: 'y' })
  })
})

describe('a deployment has reached', () => {
  const inState = (state: DeploymentJson['state']) => ({ state }) as DeploymentJson
  test.each([
    ['serving', 'draining', true],
    ['serving', 'live', true],
    ['serving', 'retired', true],
    ['serving', 'failed', false],
    ['serving', 'canceled', false],
    ['serving', 'rolledBack', false],
    ['reverted', 'evicting', true],
    ['reverted', 'rolledBack', true],
    ['reverted', 'live', false],
  ] as const)('%s in %s: %s', (goal, state, expected) => {
    expect(reached(inState(state), goal)).toBe(expected)
  })
})

test('NAME=VALUE is cut at the first =', () => {
  expect(keyValues(['A=1', 'B=x=y', 'C='], '--build-arg')).toEqual({ A: '1', B: 'x=y', C: '' })
  expect(() => keyValues(['A'], '--build-arg')).toThrow('NAME=VALUE')
  expect(() => keyValues(['=1'], '--build-arg')).toThrow('NAME=VALUE')
})
