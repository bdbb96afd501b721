import { expect, test } from 'vitest'
import { createAnswers } from '../src/answers.ts'

test('counts by version and start, and leaves out the moment itself', () => {
  const answers = createAnswers()
  for (const startedAt of [10, 20, 30]) answers.add('old', startedAt)
  answers.add('new', 30)
  expect(answers.by('old', 20)).toBe(1)
  expect(answers.by('old', 30)).toBe(0)
  expect(answers.by('old', 10, 30)).toBe(1)
  expect(answers.by('new', 0)).toBe(1)
  expect(answers.by('never seen', 0)).toBe(0)
})

test('does not claim 0 for a time that it has forgotten', () => {
  const answers = createAnswers(2)
  for (const startedAt of [10, 20, 30]) answers.add('old', startedAt)
  expect(answers.by('old', 10)).toBe(2)
  expect(() => answers.by('old', 9)).toThrow(RangeError)
})
