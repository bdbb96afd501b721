/** A process that takes the lock named by its argument, says so, and keeps it. */
import { takeLock } from '../src/lock.ts'

await takeLock(process.argv[2] ?? '', 0)
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
