/** What a deployment costs at least: done by hand over the Docker API, without Tagship. */
import { startByHand } from '@tagship/tests/by-hand'
import { exampleRepository } from './example.ts'
import { createSeries, type Section } from './section.ts'

export interface Floor extends AsyncDisposable {
  /** Milliseconds from `git archive` to the first 200 of a commit with one changed line, by phase. */
  deploy(): Promise<Readonly<Record<'archive' | 'build' | 'create' | 'start' | 'healthy' | 'total', number>>>
  /** The same from an image that is there. */
  boot(): Promise<{ readonly total: number }>
}

/** Deploys once, so that what is measured afterwards finds the caches warm. */
export async function prepareFloor(buildArgs: Readonly<Record<string, string>>): Promise<Floor> {
  const repository = await exampleRepository('node-web')
  const byHand = await startByHand(repository, buildArgs)
  let version = 0
  const floor: Floor = {
    deploy: async () => {
      version += 1
      await repository.commit({ VERSION: `0.0.${version}\n` })
      return byHand.deploy()
    },
    boot: byHand.boot,
    [Symbol.asyncDispose]: async () => {
      await byHand[Symbol.asyncDispose]()
      await repository[Symbol.asyncDispose]()
    },
  }
  await floor.deploy()
  return floor
}

export const floor: Section = {
  title: 'The floor: one deployment by hand over the Docker API',
  async run({ repetitions, buildArgs, progress }) {
    await using byHand = await prepareFloor(buildArgs)
    const times = createSeries('ms')
    for (let round = 1; round <= repetitions; round += 1) {
      progress(`round ${round} of ${repetitions}`)
      const { total, ...phases } = await byHand.deploy()
      for (const [phase, ms] of Object.entries(phases)) times.add(`  ${phase}`, ms)
      times.add('commit to healthy', total)
      times.add('image to healthy', (await byHand.boot()).total)
    }
    return { series: times.all(), targets: [] }
  },
}
