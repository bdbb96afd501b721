/** From a pushed tag to the first answer by the new release, beside the same deployment done by hand. */
import type { DeploymentJson } from '@tagship/api'
import { startInstallation } from '@tagship/tests/installation'
import { addBenchApp } from './bench-app.ts'
import { prepareFloor } from './floor.ts'
import { createSeries, type Section } from './section.ts'

/** What Tagship may add to what the engine needs, in milliseconds. */
const allowance = 300

export const deploy: Section = {
  title: 'Tag pushed → first answer by the new release through the router',
  async run({ repetitions, buildArgs, progress }) {
    await using byHand = await prepareFloor(buildArgs)
    await using installation = await startInstallation()
    await using app = await addBenchApp(installation, buildArgs, { bake: '1s', keepWarm: '1s' })
    const times = createSeries('ms')
    // The first two find nothing warm, and no slot that was used before.
    for (let round = -1; round <= repetitions; round += 1) {
      progress(`round ${round} of ${repetitions}`)
      const { total } = await byHand.deploy()
      const { began, answered, deployment } = await app.release(`1.0.${round + 1}`)
      if (round > 0) {
        const accepted = Date.parse(deployment.createdAt)
        times.add('by hand: commit to healthy', total)
        times.add('tag accepted to first answer', answered - accepted)
        times.add('git push begun to first answer', answered - began)
        for (const [phase, ms] of phasesOf(deployment)) times.add(`  ${phase}`, ms)
        times.add('Tagship’s own', answered - accepted - total)
      }
      await app.reached(deployment, 'live')
      if (round >= 0) await app.alone()
    }
    return {
      series: times.all(),
      targets: [
        {
          claim: 'tag accepted to first answer, against floor + 300 ms',
          unit: 'ms',
          measured: times.median('tag accepted to first answer'),
          limit: { atMost: times.median('by hand: commit to healthy') + allowance },
        },
      ],
    }
  },
}

/** Those that come before the first answer. */
function phasesOf(deployment: DeploymentJson): [string, number][] {
  return deployment.phases.flatMap(({ name, startedAt, finishedAt }) => {
    const before = ['queued', 'building', 'releasing', 'starting', 'verifying', 'switching'].includes(name)
    return before && finishedAt ? [[name, Date.parse(finishedAt) - Date.parse(startedAt)]] : []
  })
}
