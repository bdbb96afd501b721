/** Each app's own bridge network: apps do not reach each other, and instances have addresses that stay. */
import { createHash } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type AppName, TagshipError } from '@tagship/domain'
import { engineStatus, engineWords } from '@tagship/kit'
import { overlaps, parseCidr, type Range, subnetSettings, subnetsOf } from './addresses.ts'
import { askEngine, type Context, unless } from './engine.ts'
import { networkLabels, networkName } from './names.ts'

/** Gives the app's subnet; makes the network where there is none. Parallel calls make one. */
export type EnsureNetwork = (app: AppName) => Promise<Range>

export function createEnsureNetwork(context: Context): EnsureNetwork {
  const underWay = new Map<AppName, Promise<Range>>()
  return (app) => {
    const present = underWay.get(app)
    if (present) return present
    const ensuring = ensureNetwork(context, app).finally(() => underWay.delete(app))
    underWay.set(app, ensuring)
    return ensuring
  }
}

async function ensureNetwork(context: Context, app: AppName): Promise<Range> {
  const present = await findSubnet(context, app)
  if (present) return present
  const taken = await takenRanges(context)
  const start = createHash('sha256').update(`${context.installation}/${app}`).digest().readUInt32BE(0)
  for (const subnet of subnetsOf(parseCidr(context.networkPool), start)) {
    if (taken.some((range) => overlaps(range, subnet))) continue
    if (await createNetwork(context, app, subnet)) return (await findSubnet(context, app)) ?? subnet
  }
  throw new TagshipError('engine.failed', `${context.networkPool} has no free network left for app ${app}`)
}

async function findSubnet({ docker, installation }: Context, app: AppName): Promise<Range | null> {
  const name = networkName(installation, app)
  const network = await unless(
    askEngine(`looking at network ${name}`, () => docker.getNetwork(name).inspect()),
    404,
  )
  const subnet = network?.IPAM?.Config?.[0]?.Subnet
  return subnet ? parseCidr(subnet) : null
}

/** What other networks of the engine and of this machine use. */
async function takenRanges({ docker }: Context): Promise<Range[]> {
  const networks = await askEngine('listing networks', () => docker.listNetworks())
  const engines = networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).map(({ Subnet }) => Subnet))
  const machines = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ cidr }) => cidr))
  return [...engines, ...machines]
    .filter((cidr) => typeof cidr === 'string' && !cidr.includes(':'))
    .map((cidr) => parseCidr(String(cidr)))
}

/** @returns false where somebody has taken the subnet meanwhile */
async function createNetwork(
  { docker, installation }: Context,
  app: AppName,
  subnet: Range,
): Promise<boolean> {
  const name = networkName(installation, app)
  const options = {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    IPAM: { Driver: 'default', Config: [subnetSettings(subnet)] },
    Labels: networkLabels(installation, app),
  }
  try {
    await askEngine(`making network ${name}`, () => docker.createNetwork(options))
    return true
  } catch (error) {
    // Another controller has just made it.
    if (engineStatus(error) === 409) return true
    if (/overlap|conflicts with network/i.test(engineWords(error))) return false
    throw error
  }
}

/** A no-op where there is none. @throws engine.failed while an instance is attached to it */
export async function removeNetwork({ docker, installation }: Context, app: AppName): Promise<void> {
  const name = networkName(installation, app)
  await unless(
    askEngine(`removing network ${name}`, () => docker.getNetwork(name).remove()),
    404,
  )
}
