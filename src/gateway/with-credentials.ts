/**
 * Which credentials a call may use, and in which order: one candidate each. Whoever has credentials of their own at a
 * provider calls on them alone. What is ours comes behind them only where they all say so, so that nobody pays us for a
 * call that they meant to pay the provider for.
 */

import type { Caller } from '../core/caller.ts'
import type { Random } from '../lib/random.ts'
import type { Candidate } from './candidates.ts'
import { type Credential, isByok, unreadable } from './credential.ts'
import type { Held } from './credentials.ts'
import type { Gateway } from './gateway.ts'

/** Credentials of one provider that one call tries: attempts are bounded anyway. */
const MOST_TRIED = 5

export async function withCredentials(
  gateway: Pick<Gateway, 'credentials' | 'random'>,
  caller: Pick<Caller, 'organisationId' | 'accountId' | 'keyId'>,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const held = await gateway.credentials.of(caller.organisationId)
  const own = held.filter(({ stored }) => mayUse(caller, stored))
  const providers = new Set(candidates.map(({ endpoint }) => endpoint.provider.key))
  if (!own.some(({ stored }) => providers.has(stored.provider)))
    return candidates.flatMap((candidate) => onOurs(gateway, candidate))
  // A model that the client named as its second choice stays behind the first.
  const models = [...new Set(candidates.map(({ asSpelled }) => asSpelled))]
  return models.flatMap((model) =>
    ofModel(
      gateway,
      own,
      candidates.filter(({ asSpelled }) => asSpelled === model),
    ),
  )
}

function ofModel(gateway: Parts, own: readonly Held[], candidates: readonly Candidate[]): Candidate[] {
  const ours = candidates.flatMap((candidate) => onOurs(gateway, candidate))
  const mine: Candidate[] = []
  let goesOn = true
  let broken: Held | undefined
  for (const candidate of candidates) {
    const groups = groupsFor(own, candidate.endpoint.provider.key)
    for (const group of groups) {
      const readable = group.flatMap(({ credential }) => (credential ? [credential] : []))
      broken ??= group.find(({ credential }) => !credential)
      mine.push(...ordered(gateway, readable).map((credential) => ({ ...candidate, credential })))
      if (group.every(({ stored }) => stored.fallback)) continue
      goesOn = false
      break
    }
  }
  const all = goesOn ? [...mine, ...ours] : mine
  const [first] = candidates
  if (all.length === 0 && broken && first)
    throw unreadable(broken.stored.name, `cred_${broken.stored.code}`, first.endpoint.provider.name)
  return all
}

type Parts = Pick<Gateway, 'credentials' | 'random'>

function onOurs(gateway: Parts, candidate: Candidate): Candidate[] {
  const { keys } = candidate.endpoint.provider
  if (keys.length === 0) return [candidate]
  return ordered(
    gateway,
    keys.map((key) => ({ ...key, priority: 1 })),
  ).map((credential) => ({ ...candidate, credential }))
}

function mayUse({ accountId, keyId }: Pick<Caller, 'accountId' | 'keyId'>, stored: Held['stored']): boolean {
  if (stored.apiKeyIds !== null && (keyId === null || !stored.apiKeyIds.includes(keyId))) return false
  return stored.accountId === null || stored.accountId === accountId
}

/** The nearest to the caller first: for its key alone, of its account, of the organisation. */
function groupsFor(own: readonly Held[], provider: string): Held[][] {
  const groups: Held[][] = [[], [], []]
  for (const held of own) {
    if (held.stored.provider !== provider) continue
    const nearness = held.stored.apiKeyIds !== null ? 0 : held.stored.accountId !== null ? 1 : 2
    groups[nearness]?.push(held)
  }
  return groups.filter((group) => group.length > 0)
}

/** Those that a provider refused a moment ago come last; then by priority; then by chance, weighed. */
export function ordered<C extends Credential>({ credentials, random }: Parts, all: readonly C[]): C[] {
  if (all.length < 2) return [...all]
  const drawn = all.map((credential) => ({
    credential,
    cooling: credentials.isCooling(credential) ? 1 : 0,
    draw: drawFor(credential.weight, random),
  }))
  drawn.sort((a, b) => a.cooling - b.cooling || a.credential.priority - b.credential.priority || a.draw - b.draw)
  return drawn.slice(0, MOST_TRIED).map(({ credential }) => credential)
}

/** Of exponential draws at these rates the smallest is each one's as often as its weight says. */
const drawFor = (weight: number, random: Random): number => -Math.log(1 - random.fraction()) / weight

/** What a failed attempt leaves of the candidates behind it. */
export function stillOpen(failed: Candidate, refusedCredential: boolean): (next: Candidate) => boolean {
  return (next) => {
    // An endpoint that is down is down for every credential.
    if (!refusedCredential) return next.endpoint !== failed.endpoint || next.asSpelled !== failed.asSpelled
    const { customer } = failed.credential ?? {}
    return customer === undefined || customer.fallback || isByok(next)
  }
}
