/** The way back: warm, while the old slot still stands, and cold, from the retained image. */
import { type Installation, startInstallation } from '@tagship/tests/installation'
import { addBenchApp, type BenchApp } from './bench-app.ts'
import { type Floor, prepareFloor } from './floor.ts'
import { type BenchOptions, createSeries, type Section } from './section.ts'

type Times = ReturnType<typeof createSeries>

/** What Tagship may add to what the engine needs, in milliseconds. */
const allowance = 300

export const rollback: Section = {
  title: 'Rollback → first answer by the old release through the router',
  async run(options) {
    await using byHand = await prepareFloor(options.buildArgs)
    await using installation = await startInstallation()
    const times = createSeries('ms')
    await measureWarm(installation, options, times)
    await measureCold(installation, options, times, byHand)
    return {
      series: times.all(),
      targets: [
        {
          claim: 'warm: API call to first answer',
          unit: 'ms',
          measured: times.median('warm: API call to first answer'),
          limit: { atMost: 100 },
        },
        {
          claim: 'warm: the whole command `tagship rollback`',
          unit: 'ms',
          measured: times.median('warm: the whole command'),
          limit: { atMost: 700 },
        },
        {
          claim: 'cold: API call to first answer, against floor + 300 ms',
          unit: 'ms',
          measured: times.median('cold: API call to first answer'),
          limit: { atMost: times.median('by hand: image to healthy') + allowance },
        },
      ],
    }
  },
}

/** During the bake: once by the API and once by the command line, each from a release of its own. */
async function measureWarm(installation: Installation, options: BenchOptions, times: Times): Promise<void> {
  await using app = await addBenchApp(installation, options.buildArgs, { bake: '10m', keepWarm: '1s' })
  const old = '1.0.0'
  await app.release(old)
  for (let round = 1; round <= options.repetitions; round += 1) {
    options.progress(`warm, round ${round} of ${options.repetitions}`)
    const byApi = () => installation.client.rollBack({ params: { app: app.name }, body: {} })
    await backFrom(installation, app, `1.${round}.0`, async () => {
      const { answered, done } = await timed(byApi, () => app.firstAnswerBy(old))
      times.add('warm: API call to its answer', done)
      times.add('warm: API call to first answer', answered)
    })
    await backFrom(installation, app, `1.${round}.1`, async () => {
      const { answered, done } = await timed(
        () => byCommand(installation, app),
        () => app.firstAnswerBy(old),
      )
      times.add('warm: the whole command', done)
      times.add('warm: command to first answer', answered)
    })
  }
}

async function byCommand(installation: Installation, app: BenchApp): Promise<void> {
  const { exitCode, stderr } = await installation.tagship('rollback', app.name)
  if (exitCode !== 0) throw new Error(`tagship rollback: ${stderr}`)
}

/** Milliseconds from now until the act is done, and until the old version has answered. */
async function timed<T>(act: () => Promise<T>, firstAnswer: () => Promise<number>) {
  const began = Date.now()
  const acting = async () => ({ result: await act(), done: Date.now() - began })
  const [answered, acted] = await Promise.all([firstAnswer(), acting()])
  return { answered: answered - began, ...acted }
}

async function backFrom(
  installation: Installation,
  app: BenchApp,
  version: string,
  back: () => Promise<void>,
): Promise<void> {
  const { deployment } = await app.release(version)
  await app.reached(deployment, 'baking')
  await back()
  await app.reached(deployment, 'rolledBack')
  await installation.client.resume({ params: { app: app.name } })
}

/** To and fro between two releases whose instances are gone and whose images are not. */
async function measureCold(
  installation: Installation,
  options: BenchOptions,
  times: Times,
  byHand: Floor,
): Promise<void> {
  await using app = await addBenchApp(installation, options.buildArgs, { bake: '1s', keepWarm: '1s' })
  const versions = ['1.0.0', '2.0.0'] as const
  for (const version of versions) await app.release(version)
  for (let round = 0; round < options.repetitions; round += 1) {
    options.progress(`cold, round ${round + 1} of ${options.repetitions}`)
    await app.alone()
    times.add('by hand: image to healthy', (await byHand.boot()).total)
    const version = versions[round % 2] ?? ''
    const back = () =>
      installation.client.rollBack({ params: { app: app.name }, body: { to: `v${version}` } })
    const { answered, result } = await timed(back, () => app.firstAnswerBy(version))
    if (!result.deployment) throw new Error(`the rollback to v${version} made no deployment`)
    times.add('cold: API call to first answer', answered)
    await app.reached(result.deployment, 'live')
  }
}
