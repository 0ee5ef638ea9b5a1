/**
 * Where the server may connect to on behalf of others. The name is resolved here, every address it has must be public,
 * and the caller connects to the very address that was looked at, so that a name which changes its mind gains nothing.
 */
import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

export type Vetted = { readonly url: URL; readonly address: string; readonly family: 4 | 6 }
type Refused = { readonly refused: string }

/** All addresses of a name, in the order of the system's resolver. */
export type Resolve = (host: string) => Promise<readonly string[]>

export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

export type AddressGuard = {
  /** Why nobody may be sent to this address, in a sentence; or where to connect to. */
  vet(address: string): Promise<Vetted | Refused>
}

/** `allow`: hosts, `*.hosts`, addresses and CIDR ranges that may be private and may use http. */
export function createAddressGuard(allow: readonly string[], resolve: Resolve): AddressGuard {
  const hosts = allow.filter((entry) => rangeOf(entry) === undefined).map(plainHost)
  const ranges = allow.map(rangeOf).filter((range) => range !== undefined)
  const isKnownHost = (host: string) =>
    hosts.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry))
  const isInRange = (address: string) => {
    const parsed = ipaddr.process(address)
    return ranges.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match([range, bits]))
  }
  return {
    async vet(text) {
      const url = URL.parse(text)
      if (!url || !/^https?:$/.test(url.protocol) || text.length > MOST_CHARACTERS)
        return { refused: 'expected an https address of at most 2000 characters' }
      if (url.username !== '' || url.password !== '')
        return { refused: 'an address with a user name or password is not used; a webhook is signed with its secret' }
      const host = plainHost(url.hostname)
      const addresses = ipaddr.isValid(host) ? [host] : await resolve(host).catch(() => [])
      const [address] = addresses
      if (address === undefined) return { refused: `the host ${host} is not found` }
      const isExcepted = isKnownHost(host) || addresses.every(isInRange)
      if (url.protocol === 'http:' && !isExcepted) return { refused: `only https is used; ${ALLOWED}` }
      const inside = isKnownHost(host) ? undefined : addresses.find((each) => !isPublic(each) && !isInRange(each))
      if (inside !== undefined)
        return { refused: `the host ${host} leads to an address that is not public; ${ALLOWED}` }
      return { url, address, family: ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6 }
    },
  }
}

const MOST_CHARACTERS = 2_000
const ALLOWED = 'the operator can allow a host or range by webhooks.allow in turnpike.yaml'

/** Public in name and no less inside: Azure's own services answer there on every machine of its. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16'])
/** All that is handed out on the Internet of today. */
const GLOBAL = ipaddr.parseCIDR('2000::/3')

/** Ordinary addresses alone: none that is private or reserved, nor an IPv6 form that stands for an IPv4 one. */
export function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text) || METADATA.has(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || address.match(GLOBAL)
}

const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Undefined where the entry is the name of a host. */
function rangeOf(entry: string): Range | undefined {
  const text = plainHost(entry)
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  if (!ipaddr.isValid(text)) return undefined
  const address = ipaddr.process(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}
