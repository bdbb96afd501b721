/**
 * Loaded into every controller of a soak: told by SIGUSR2, it collects its garbage and writes the bytes that it still
 * holds to the file $TAGSHIP_SOAK_MEMORY. What a process has taken from the system says little: V8 is slow to give back.
 */
const { renameSync, writeFileSync } = require('node:fs')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

const file = process.env.TAGSHIP_SOAK_MEMORY
if (file && process.argv.includes('serve')) {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc')
  process.on('SIGUSR2', () => {
    // What the first one finalizes, the second one frees.
    collectGarbage()
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    writeFileSync(`${file}.new`, String(heapUsed + external))
    renameSync(`${file}.new`, file)
  })
}
