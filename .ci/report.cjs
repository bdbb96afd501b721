// Reads vitest's own reports. `failed FILE`: the test files that failed, one a line. `summary OUTCOME FILE…`: one
// line with the counts, of the last run of each file; ends with 1 where a test failed, or none ran.
const { readFileSync } = require('node:fs')
const { relative } = require('node:path')

const [verb, ...args] = process.argv.slice(2)

function read(file) {
  const { testResults = [] } = JSON.parse(readFileSync(file, 'utf8') || '{}')
  return testResults.map(({ name, status, assertionResults }) => ({
    file: relative(process.cwd(), name),
    failed: status === 'failed',
    tests: assertionResults,
  }))
}

if (verb === 'failed') {
  for (const { file, failed } of read(args[0])) if (failed) console.log(file)
} else {
  const [outcome, ...reports] = args
  const files = new Map()
  const unsteady = []
  for (const one of reports.flatMap(read)) {
    if (files.get(one.file)?.failed && !one.failed) unsteady.push(one.file)
    files.set(one.file, one)
  }
  const count = (...statuses) =>
    [...files.values()].flatMap(({ tests }) => tests).filter(({ status }) => statuses.includes(status)).length
  const passed = count('passed')
  // A file that could not even be loaded has no test that failed, and has failed all the same.
  const failed =
    count('failed') + [...files.values()].filter((one) => one.failed && one.tests.length === 0).length
  for (const file of unsteady) console.log(`failed at first, passed alone: ${file}`)
  if (passed + failed === 0) console.error('no test ran')
  console.log(`${passed} passed, ${failed} failed, ${count('pending', 'skipped', 'todo')} skipped`)
  process.exitCode = passed + failed === 0 || failed > 0 ? 1 : Number(outcome)
}
