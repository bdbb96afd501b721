import {
  buildKey,
  type ConfigName,
  type ErrorCode,
  manifestFile,
  parseManifest,
  TagshipError,
  toTagshipError,
} from '@tagship/domain'
import type { Worker } from './advance.ts'
import { checkSignature } from './choose-tag.ts'
import { holdLease, type Lease, leaseMs, sleep, whileHeld } from './lease.ts'
import { openLogWriter } from './log-writer.ts'
import type { AppRecord, BuildClaim, BuiltImage, EngineStore, Ports, Repository } from './ports.ts'
import { retrying } from './retrying.ts'
import { underLease } from './under-lease.ts'

const wantedCheckMs = 5_000

/** Whom the build needs does not answer: that says nothing about the release. The sweep tries it again. */
const absences: readonly ErrorCode[] = ['database.unavailable', 'engine.unavailable', 'engine.timeout']

/**
 * Turns a release's commit into an image digest: the handler of the `builds` queue. Dies anywhere, starts
 * anew: the commit is fetched again only if it is missing, and an image that was finished is found.
 */
export async function buildRelease(ports: Ports, releaseId: string, worker: Worker): Promise<void> {
  const since = performance.now()
  const claim = await ports.store.claimBuild(releaseId, worker.name, leaseMs)
  if (!claim) return
  await using lease = holdLease({
    since,
    renew: () => ports.store.renewBuild(claim, leaseMs),
    outdated: (signal) => untilUnwanted(ports.store, claim, signal),
    stop: worker.stop,
  })
  await ports.fault('build.claimed')
  const outcome = await buildOrFail(ports, claim, lease, worker.stop)
  if (lease.lost()) return
  await whileHeld(lease, worker.stop, () =>
    outcome === 'unfinished' ? ports.store.releaseBuild(claim) : ports.store.finishBuild(claim, outcome),
  )
}

type Outcome = Parameters<EngineStore['finishBuild']>[1]

/** `unfinished`: it is no fault of the release, and has to be done again. */
async function buildOrFail(
  ports: Ports,
  claim: BuildClaim,
  lease: Lease,
  stop: AbortSignal,
): Promise<Outcome | 'unfinished'> {
  try {
    const built = await build(underLease(ports, lease), claim, lease.signal)
    await ports.fault('build.built')
    return built
  } catch (cause) {
    if (stop.aborted || lease.lost()) return 'unfinished'
    const error = lease.signal.aborted
      ? new TagshipError('build.canceled', 'the deployment no longer wants it')
      : toTagshipError(cause)
    const fields = { app: claim.app.name, deployment: claim.deploymentId, err: error }
    if (absences.includes(error.code)) {
      ports.log.warn(fields, `build is put off: ${error.message}`)
      return 'unfinished'
    }
    ports.log.warn(fields, `build failed: ${error.message}`)
    return { failure: { code: error.code, message: error.message } }
  }
}

async function build(
  ports: Ports,
  claim: BuildClaim,
  signal: AbortSignal,
): Promise<{ image: BuiltImage; reused: boolean }> {
  const { app, commit, tag } = claim
  const repository: Repository = { app: app.name, url: app.repoUrl }
  await retrying(() => ports.source.fetchCommit(repository, commit, tag), signal)
  await requireSignature(ports, claim, signal)
  const [text, facts] = await Promise.all([
    ports.source.readFile(repository, commit, inRoot(app, manifestFile)),
    ports.source.describeCommit(repository, commit),
  ])
  await ports.store.noteCommit(app.id, commit, facts)
  const manifest = parseManifest(text)
  const recipe = { ...manifest.build, context: inRoot(app, manifest.build.context) }
  const key = buildKey(commit, recipe, app.buildArgs)
  const [found] = await Promise.all([
    retrying(() => ports.builder.find(app.name, key), signal),
    ports.store.saveRevision(claim, manifest, key),
  ])
  if (found) return { image: found, reused: true }

  const secrets = await readSecrets(ports.store, claim, recipe.secrets)
  const log = openLogWriter(ports.store, claim.deploymentId, 'build')
  const archive = () => ports.source.archive(repository, commit, recipe.context, signal)
  const context = await retrying(archive, signal)
  try {
    const request = {
      app: app.name,
      releaseId: claim.releaseId,
      release: claim.release,
      tag,
      commit,
      repository: app.repoUrl ?? app.name,
      context,
      recipe,
      args: app.buildArgs,
      secrets,
      buildKey: key,
    }
    // Where its answer got lost, the image may be there all the same.
    let lookFirst = false
    const findOrBuild = async () => {
      const image = lookFirst ? await ports.builder.find(app.name, key) : null
      lookFirst = true
      return image ?? ports.builder.build(request, (line) => log.write(line), signal)
    }
    return { image: await retrying(findOrBuild, signal), reused: false }
  } finally {
    await Promise.all([ports.source.discard(context), log.close()])
  }
}

/**
 * Before anything of the commit is read, and at every build of it: also of one that was chosen, or has served, under
 * another policy. @throws signature.refused, git.*
 */
async function requireSignature(
  { source, store }: Ports,
  { app, tag: name, commit }: BuildClaim,
  signal: AbortSignal,
): Promise<void> {
  if (app.policy.verify === 'none') return
  const tags = name === null ? [] : await store.listTags(app.id)
  const tag = tags.find((one) => one.name === name) ?? null
  const { outcome, why } = await retrying(() => checkSignature(source, app, tag, commit), signal)
  if (outcome !== 'passed') throw new TagshipError('signature.refused', why)
}

/** @throws build.secretMissing, secret.wrongKey, secret.damaged */
async function readSecrets(
  store: EngineStore,
  claim: BuildClaim,
  names: readonly ConfigName[],
): Promise<Record<string, string>> {
  if (names.length === 0) return {}
  const secrets = await store.buildSecrets(claim, names)
  const missing = names.filter((name) => !Object.hasOwn(secrets, name))
  if (missing.length === 0) return secrets
  throw new TagshipError(
    'build.secretMissing',
    `${manifestFile} gives the build ${missing.join(', ')} (build.secrets), and ${claim.app.name} has no secret of that name`,
  )
}

/** Until the deployment has left `building`: nobody wants the image any more. */
async function untilUnwanted(store: EngineStore, claim: BuildClaim, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await store.waitForChange(claim.deploymentId, wantedCheckMs, signal)
    if (signal.aborted || !(await store.buildIsWanted(claim).catch(() => true))) return
    // A row that changes without a break must not make this loop spin.
    await sleep(100, signal)
  }
}

/** Of several apps in one repository each has a folder of its own: manifest and context are looked for there. */
function inRoot({ root }: AppRecord, path: string): string {
  if (root === '') return path
  return path === '.' ? root : `${root}/${path}`
}
