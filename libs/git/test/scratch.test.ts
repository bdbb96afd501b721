import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratchName, sweepScratch } from '../src/scratch.ts'

it('sweeps what dead processes left, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagship-scratch-'))
  try {
    const dead = spawnSync('true').pid
    const mine = scratchName()
    const [, run] = /^\.tagship-\d+-([0-9a-f]{8})/.exec(mine) ?? []
    const earlier = mine.replace(`-${run}-`, '-00000000-')
    const others = [`.tagship-${process.ppid}-00000000-abc`, 'shop.git', '.tagship-notes']
    for (const name of [mine, earlier, `.tagship-${dead}-00000000-abc.tar`, ...others]) {
      await writeFile(join(folder, name), '')
    }
    await sweepScratch(folder)
    expect((await readdir(folder)).toSorted()).toEqual([mine, ...others].toSorted())
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('does nothing where there is no folder', async () => {
  await expect(sweepScratch('/nonexistent/folder')).resolves.toBeUndefined()
})
