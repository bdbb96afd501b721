#!/usr/bin/env node
/** `tagship`, the command line. Modules are compiled once and kept, so that a command starts at once. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from './config-paths.ts'

enableCompileCache(join(cacheFolder(process.env), 'modules'))
const { run } = await import('./program.ts')
process.exitCode = await run(process.argv.slice(2))
