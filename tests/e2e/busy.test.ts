import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'

const mayAsk = process.getuid?.() === 0 && existsSync('/proc/self/autogroup')

describe('a controller with much to do', () => {
  let at: Installation
  beforeAll(async () => {
    at = await startInstallation()
  })
  afterAll(async () => {
    await at?.[Symbol.asyncDispose]()
  })

  it.runIf(mayAsk)('is not kept waiting by its own servers: all of them take precedence', async () => {
    const postmaster = Number(
      (await readFile(join(at.data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
    )
    const all = await readProcesses()
    const servers = all.filter(
      ({ command, parent, pid }) =>
        pid === postmaster ||
        (parent === postmaster && command.startsWith('postgres: tagship ')) ||
        (command.startsWith('redis-server') && command.includes(at.data)),
    )
    expect(servers.length).toBeGreaterThan(3)
    for (const { command, session } of servers) expect(session, command).toMatch(/nice -10$/)
  })
})

async function readProcesses() {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  return Promise.all(
    pids.map(async (pid) => {
      const [cmdline, stat, session] = await Promise.all(
        ['cmdline', 'stat', 'autogroup'].map((file) => read(pid, file)),
      )
      return {
        pid: Number(pid),
        command: (cmdline ?? '').split('\0').join(' ').trim(),
        parent: Number(stat?.split(') ')[1]?.split(' ')[1]),
        session: (session ?? '').trim(),
      }
    }),
  )
}
