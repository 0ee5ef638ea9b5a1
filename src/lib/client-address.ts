/** From which address a request came: the connection's own, or what the proxies that are trusted have written down. */
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** All proxies, none, so many of them, or those of these addresses and networks (`10.0.0.0/8`). */
export type TrustProxy = boolean | number | readonly string[]

/** What is needed of a request of Node. */
export type Addressed = {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** A header longer than this is no proxy's. */
const MOST_HOPS = 32

/** Each proxy appends who called it, so the list is read from its end for as long as whoever wrote it is trusted. */
export function createClientAddress(trust: TrustProxy): (request: Addressed) => string {
  const isTrusted = trustOf(trust)
  return ({ headers, socket }) => {
    let address = plain(socket.remoteAddress ?? '')
    const forwarded = headers['x-forwarded-for']
    if (trust === false || typeof forwarded !== 'string') return address
    const hops = forwarded.split(',').slice(-MOST_HOPS).reverse()
    for (const [index, hop] of hops.entries()) {
      const before = plain(hop.trim())
      if (!isTrusted(address, index) || isIP(before) === 0) return address
      address = before
    }
    return address
  }
}

function trustOf(trust: TrustProxy): (address: string, hop: number) => boolean {
  if (typeof trust === 'boolean') return () => trust
  if (typeof trust === 'number') return (_address, hop) => hop < trust
  const list = new BlockList()
  for (const each of trust) addTo(list, each)
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** What is no address trusts nobody. */
function addTo(list: BlockList, entry: string): void {
  const [address = '', length] = entry.split('/', 2)
  if (isIP(address) === 0) return
  const most = isIP(address) === 4 ? 32 : 128
  const prefix = length === undefined ? most : Number(length)
  if (Number.isInteger(prefix) && prefix >= 0 && prefix <= most) list.addSubnet(address, prefix, familyOf(address))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

/** An IPv4 address in IPv6 clothes is the same one. */
const plain = (address: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address)

/** One customer has a whole network of 64 bits of IPv6: what is counted by address is counted by that. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.toLowerCase().split('%', 1)[0]?.split('::', 2) ?? []
  const [first, last] = [head, tail].map((part) => (part === '' ? [] : part.split(':')))
  const missing = address.includes('::') ? Math.max(0, 8 - (first?.length ?? 0) - (last?.length ?? 0)) : 0
  const groups = [...(first ?? []), ...new Array<string>(missing).fill('0'), ...(last ?? [])]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
