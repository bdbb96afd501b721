import type { Command } from 'commander'
import { command, exitWith, type JsonFlag, withJson } from '../command.ts'
import { printStory } from '../demo/print-story.ts'
import { type Stage, setStage } from '../demo/stage.ts'
import { type Teller, type Told, tellStory } from '../demo/story.ts'
import { note, printJson, printLines } from '../output/print.ts'
import { paint } from '../output/text.ts'

interface Flags extends JsonFlag {
  readonly keep?: boolean
}

export function demoCommand(): Command {
  return withJson(command('demo', 'the whole story on this machine, in about a minute'))
    .option('--keep', 'leave it running at the end, to look around')
    .action(exitWith(demo))
}

async function demo(flags: Flags): Promise<number> {
  const begin = performance.now()
  note(
    paint(
      'bold',
      '\n  Tagship: push a tag; a fresh image takes over; nothing running is ever patched.\n',
      process.stderr,
    ),
  )
  const stage = await setStage((line) => note(`  ${line}`))
  const leave = async () => {
    await stage.clear()
    process.exit(130)
  }
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    const told = await tellStory(stage, teller())
    const seconds = (performance.now() - begin) / 1_000
    if (flags.json) printJson(summaryOf(told, seconds))
    else printLines(printStory(told, seconds))
    return told.traffic.total.failed === 0 && told.answersByOld === 0 ? 0 : 1
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave)
    if (flags.keep) printLines(howToGoOn(stage))
    else await stage.clear()
    if (!flags.keep && !flags.json)
      printLines(['', '  Everything is removed again. Next: tagship demo --keep, or tagship up.', ''])
  }
}

function teller(): Teller {
  let scene = 0
  return {
    scene(title) {
      scene += 1
      note(`\n  ${paint('bold', `${scene}  ${title}`, process.stderr)}`)
    },
    line: (text) => note(paint('dim', `     ${text}`, process.stderr)),
    result: (ok, text) =>
      note(`     ${ok ? paint('green', '✔', process.stderr) : paint('red', '✖', process.stderr)} ${text}`),
  }
}

function howToGoOn({ url, token, httpPort, data }: Stage): string[] {
  return [
    '',
    '  It goes on running. To look around:',
    '',
    `    export TAGSHIP_URL=${url} TAGSHIP_TOKEN=${token}`,
    '    ./tagship status demo',
    '    ./tagship deployments demo',
    `    open http://demo.localhost:${httpPort}`,
    '',
    `  To end it: ./tagship down --apps --data ${data}`,
    '',
  ]
}

function summaryOf({ deployments, traffic, rollbackMs, answersByOld }: Told, seconds: number) {
  const { requests, failed, versions, latencyMs, longestGapMs } = traffic.total
  return {
    seconds,
    deployments,
    rollbackMs,
    traffic: { requests, failed, versions, latencyMs, longestGapMs, answersByOld },
  }
}
