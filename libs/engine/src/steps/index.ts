import type { StepName } from '@tagship/domain'
import { awaitBuild } from './await-build.ts'
import { bake } from './bake.ts'
import { discardInstances } from './discard-instances.ts'
import { drainInstances } from './drain-instances.ts'
import { revertRoute } from './revert-route.ts'
import { runReleaseCommand } from './run-release-command.ts'
import { startInstances } from './start-instances.ts'
import type { Step } from './step.ts'
import { switchRoute } from './switch-route.ts'
import { verifyInstances } from './verify-instances.ts'

export const steps = {
  awaitBuild,
  runReleaseCommand,
  startInstances,
  verifyInstances,
  switchRoute,
  drainInstances,
  bake,
  revertRoute,
  discardInstances,
} as const satisfies Record<StepName, Step>
