/**
 * IPv4 addresses. An app has a /24; an instance has the address that its deployment's number and its ordinal
 * give, so that it keeps it over restarts, and none is used again for seven deployments.
 */
import { maxInstancesPerDeployment } from '@tagship/domain'

/** First and last host part that instances get: seven deployments of `maxInstancesPerDeployment`. */
const firstHost = 10
const hostCount = 7 * maxInstancesPerDeployment
/** What the engine gives out by itself (to release commands): beyond those of instances. */
const dynamicRange = { firstHost: 240, prefix: 28 }

/** Addresses from `first`, as numbers. */
export interface Range {
  readonly first: number
  readonly count: number
}

export function parseCidr(cidr: string): Range {
  const [address = '', prefix = ''] = cidr.split('/')
  const count = 2 ** (32 - Number(prefix))
  return { first: Math.floor(parseAddress(address) / count) * count, count }
}

export function overlaps(a: Range, b: Range): boolean {
  return a.first < b.first + b.count && b.first < a.first + a.count
}

/** Every /24 of the pool once, beginning somewhere in it that depends on `start`. */
export function* subnetsOf(pool: Range, start: number): Generator<Range> {
  const total = Math.max(1, Math.floor(pool.count / 256))
  for (let index = 0; index < total; index += 1) {
    yield { first: pool.first + ((start + index) % total) * 256, count: 256 }
  }
}

export function subnetSettings(subnet: Range): { Subnet: string; Gateway: string; IPRange: string } {
  return {
    Subnet: `${formatAddress(subnet.first)}/24`,
    Gateway: formatAddress(subnet.first + 1),
    IPRange: `${formatAddress(subnet.first + dynamicRange.firstHost)}/${dynamicRange.prefix}`,
  }
}

/** The instance's own address, or the first after it that is not in `taken`; null where all are. */
export function instanceAddress(
  subnet: Range,
  deploymentNumber: number,
  ordinal: number,
  taken: ReadonlySet<string> = new Set(),
): string | null {
  const own = deploymentNumber * maxInstancesPerDeployment + ordinal
  for (let step = 0; step < hostCount; step += 1) {
    const address = formatAddress(subnet.first + firstHost + ((own + step) % hostCount))
    if (!taken.has(address)) return address
  }
  return null
}

function parseAddress(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
