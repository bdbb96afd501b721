/** Watches the folder of certificates: what whoever renews them puts there is served within seconds. */
import { TagshipError, toTagshipError } from '@tagship/domain'
import {
  type Certificate,
  type CertificateFolder,
  certificateFor,
  type Logger,
  readCertificates,
} from '@tagship/kit'
import type { HaproxyRouter } from '@tagship/router'

export interface CertificateKeeper {
  now(): CertificateFolder
  /** The one that this host is served with. */
  find(host: string): Certificate | null
  /** Looks at the folder, and tells the router what is new. @throws router.*, data.notWritable */
  renew(): Promise<void>
}

/** Reads the folder for a first time; the router hears of it at the first `renew`. @throws input.invalid */
export async function keepCertificates(
  folder: string,
  router: HaproxyRouter,
  log: Logger,
): Promise<CertificateKeeper> {
  let known = await readCertificates(folder).catch((cause: unknown) => {
    throw new TagshipError('input.invalid', `TAGSHIP_CERTIFICATES: ${toTagshipError(cause).message}`, {
      cause,
    })
  })
  let told = ''
  const tell = () => {
    const { certificates, problems } = known
    const text = JSON.stringify([certificates.map(({ path, fingerprint }) => [path, fingerprint]), problems])
    if (text === told) return
    told = text
    log.info({ names: certificates.flatMap(({ names }) => names) }, 'certificates are in use')
    for (const problem of problems) log.warn(problem, `a certificate cannot be used: ${problem.problem}`)
  }
  return {
    now: () => known,
    find: (host) => certificateFor(known.certificates, host),
    renew: async () => {
      known = await readCertificates(folder).then(
        (found) => keepWhereBroken(known, found),
        (error: unknown) => ({
          ...known,
          problems: [{ path: folder, problem: toTagshipError(error).message }],
        }),
      )
      tell()
      await router.setCertificates(known.certificates)
    },
  }
}

/**
 * A file that is just being written, or a key that is not there yet, must not take away what works. What is the same
 * stays the same object.
 */
function keepWhereBroken(before: CertificateFolder, found: CertificateFolder): CertificateFolder {
  const broken = new Set(found.problems.map(({ path }) => path))
  const taken = new Set(found.certificates.map(({ names }) => names.join(' ')))
  const kept = before.certificates.filter(
    ({ path, names, notAfter }) => broken.has(path) && !taken.has(names.join(' ')) && notAfter > new Date(),
  )
  const same = (one: Certificate) =>
    before.certificates.find(
      ({ fingerprint, chain }) => fingerprint === one.fingerprint && chain === one.chain,
    )
  return { ...found, certificates: [...found.certificates.map((one) => same(one) ?? one), ...kept] }
}
