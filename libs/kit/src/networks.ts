/**
 * Where this program may connect to on behalf of somebody else (SSRF): a repository or webhook address must not
 * reach what only the machine itself can reach. A name is resolved once, judged, and connected to by what was judged.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

export interface NetworkPolicy {
  /** @returns why the address is refused, or null */
  refusal(address: string): string | null
}

/** Nobody's repository is there, and a cloud tells credentials of the machine to whoever asks there. */
const never = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
]
/** Loopback and private networks (RFC 1918, 4193, 6598). */
const inside = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7'],
]

/**
 * Without a list, private networks and this machine are allowed: small teams have their repositories there.
 * @param allowed networks such as `10.1.0.0/16`: of what is private, these only. Empty: nothing private
 * @throws RangeError where one of them is no network
 */
export function networkPolicy(allowed: readonly string[] | null): NetworkPolicy {
  const forbidden = listOf(never)
  const privates = listOf(inside)
  const exceptions = listOf(allowed ?? inside)
  return {
    refusal(text) {
      const address = unmapped(text)
      const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (isIP(address) === 0) return `${text} is no address`
      if (forbidden.check(address, kind)) return `${address} is not an address for others`
      if (privates.check(address, kind) && !exceptions.check(address, kind)) {
        return `${address} is in a private network that TAGSHIP_ALLOW_NETWORKS does not name`
      }
      return null
    },
  }
}

/**
 * What the host's name stands for, where all of it may be connected to.
 * @returns one address, or why not
 */
export async function resolveAllowed(
  host: string,
  policy: NetworkPolicy,
): Promise<{ readonly address: string } | { readonly refusal: string }> {
  const bare = host.replace(/^\[|\]$/g, '')
  const found = isIP(bare) ? [{ address: bare }] : await lookup(bare, { all: true })
  for (const { address } of found) {
    const refusal = policy.refusal(address)
    if (refusal !== null) return { refusal: bare === address ? refusal : `${bare} is ${refusal}` }
  }
  const [first] = found
  return first ? { address: first.address } : { refusal: `${bare} has no address` }
}

/** An IPv4 address in the clothes of IPv6 is what it is (RFC 4291 §2.5.5.2; RFC 6052 §2.1). */
function unmapped(text: string): string {
  if (isIP(text) !== 6) return text
  const words = wordsOf(text)
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
  const translated = words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0)
  if (!mapped && !translated) return text
  return words
    .slice(6)
    .flatMap((word) => [word >> 8, word & 255])
    .join('.')
}

function wordsOf(address: string): number[] {
  // The URL parser writes every form of an address in one way.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const read = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)))
  const left = read(head)
  const right = tail === undefined ? [] : read(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.trim().split('/')
    const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const longest = kind === 'ipv6' ? 128 : 32
    const prefix = bits === undefined ? longest : Number(bits)
    if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > longest) {
      throw new RangeError(`"${network}" is not a network such as 10.1.0.0/16`)
    }
    list.addSubnet(address, prefix, kind)
  }
  return list
}
