/**
 * The ledger again, as simply as it can be said: one thread, no caches, every balance summed from the first movement on.
 * Tests run the same commands against it and against the real one. Slow on purpose; not a rule is shared with the ledger.
 */

import type { Budget } from '../src/core/budget-rows.ts'
import type { Command, Told } from '../src/core/ledger-commands.ts'
import type { GrantCategory, Overage } from '../src/core/ledger-rows.ts'

export type ModelAccount = { id: bigint; overage: Overage; overdraft: bigint }
/** What a command came to, without ids: a refusal's code, or the numbers of the result. */
export type Answer = { refused: string } | { [name: string]: unknown; replay?: true }
/** How the real ledger named what the command made, so that later commands can point at it. */
export type Names = { transaction?: bigint | undefined; grant?: bigint | undefined }

type Lot = {
  name?: bigint | undefined
  owner: bigint
  category: GrantCategory
  priority: number
  begins: number
  ends: number | null
  number: number
}
type Move = { owner: bigint; lot: Lot | null; nanos: bigint }
type Line = { lot: Lot | null; nanos: bigint; returned: bigint }
type Posting = {
  name: bigint | undefined
  owner: bigint
  type: string
  amount: bigint
  writtenOff: bigint
  occurredAt: number
  lines: Line[]
  refunded: bigint
}
type Part = { lot: Lot | null; nanos: bigint }
type Pledge = {
  id: bigint
  owner: bigint | null
  kind: 'api' | 'gateway'
  amount: bigint
  parts: Part[]
  budgets: Share[]
  admittedAt: number
  expiresAt: number
  deadAt: number
  status: 'pending' | 'confirmed' | 'cancelled' | 'expired'
  end?: { content: string; answer: Answer }
}
/** What of one window of a budget is held or spent. */
type Share = { budget: Budget; window: number; quantity: bigint }
type Kept = { fingerprint: string; answer?: Answer; generation?: bigint; running: boolean }

const EAGERNESS: GrantCategory[] = ['promotional', 'plan', 'adjustment', 'paid']
const DAY = 86_400_000
/** A counter that says nothing may or may not have a row. */
export const isMoved = (counter: { spent: bigint; reserved: bigint; fired: string; blocked: boolean }): boolean =>
  counter.spent !== 0n || counter.reserved !== 0n || counter.fired !== '' || counter.blocked
const STICKING = [
  ...[
    'insufficient_credits',
    'reservation_already_confirmed',
    'reservation_cancelled',
    'reservation_expired',
    'amount_exceeds_reservation',
  ],
  ...['refund_exceeds_transaction', 'account_closed', 'grant_spent', 'payment_already_credited'],
]

export function createModel(accounts: readonly ModelAccount[], budgets: readonly Budget[]) {
  const lots: Lot[] = []
  const moves: Move[] = []
  const postings: Posting[] = []
  const pledges: Pledge[] = []
  const spendings: Share[] = []
  const tellings: { budget: Budget; window: number; thresholds: number[] }[] = []
  const blocks: { budget: Budget; window: number }[] = []
  const settled = new Set<bigint>()
  const told: { usage: Told; link: bigint | null }[] = []
  const kept = new Map<string, Kept>()
  const payments = new Map<string, { owner: bigint; amount: bigint }>()
  const status = new Map<bigint, string>()
  const clocks = new Map<bigint, number>()

  const total = (values: bigint[]) => values.reduce((a, b) => a + b, 0n)
  const least = (a: bigint, b: bigint) => (a < b ? a : b)
  const pending = () => pledges.filter((pledge) => pledge.status === 'pending')
  const posted = (owner: bigint) => total(moves.filter((move) => move.owner === owner).map(({ nanos }) => nanos))
  const left = (lot: Lot) => total(moves.filter((move) => move.lot === lot).map(({ nanos }) => nanos))
  const heldOf = (lot: Lot) =>
    total(pending().flatMap(({ parts }) => parts.filter((part) => part.lot === lot).map(({ nanos }) => nanos)))
  const free = (lot: Lot) => left(lot) - heldOf(lot)
  const reserved = (owner: bigint) =>
    total(
      pending()
        .filter((pledge) => pledge.owner === owner)
        .map(({ amount }) => amount),
    )
  const owed = (owner: bigint) =>
    -total(moves.filter((move) => move.owner === owner && move.lot === null).map(({ nanos }) => nanos))
  const overdraft = (owner: bigint) => accounts.find(({ id }) => id === owner)?.overdraft ?? 0n
  const headroom = (owner: bigint) => posted(owner) + overdraft(owner) - reserved(owner)
  const balance = (owner: bigint) => {
    const room = headroom(owner)
    return { posted: posted(owner), reserved: reserved(owner), available: room > 0n ? room : 0n }
  }
  type Links = readonly { budgetId: bigint; windowStart: number }[]
  /** What each budget of a chain is asked for. */
  const shares = (chain: Links | undefined, wanted: Record<Budget['metric'], bigint>): Share[] =>
    (chain ?? []).flatMap(({ budgetId, windowStart }) => {
      const budget = budgets.find(({ id }) => id === budgetId)
      return budget ? [{ budget, window: windowStart, quantity: wanted[budget.metric] }] : []
    })
  const dollars = (amount: bigint) => ({ usd: amount, tokens: 0n, requests: 0n, concurrency: 0n })
  const inUsd = (chain: Links | undefined, amount: bigint) =>
    shares(chain, dollars(amount)).filter(({ budget }) => budget.metric === 'usd')
  /** Those that have no room, by how long they stay full. */
  function overBudget(parts: readonly Share[]): Answer | undefined {
    const over = parts.filter(
      ({ budget: { limit, action, ...budget }, window, quantity }) =>
        action === 'block' &&
        (limit === 0n || spentIn(budget.id, window) + pledgedIn(budget.id, window) + quantity > limit),
    )
    for (const { budget, window } of over)
      if (budget.metric !== 'concurrency' && !blocks.some((one) => one.budget === budget && one.window === window))
        blocks.push({ budget, window })
    const patience = ({ budget }: Share) =>
      budget.metric === 'concurrency' ? -1 : ['minute', 'hour', 'day', 'week', 'month', 'total'].indexOf(budget.window)
    const longest = over.toSorted((a, b) => patience(b) - patience(a))[0]
    if (!longest) return undefined
    return refused(patience(longest) < 2 ? 'rate_limit_exceeded' : 'budget_exceeded')
  }
  /** Adds up, and tells of what no telling of that window has told yet. */
  function use(parts: readonly Share[]): void {
    for (const part of parts) {
      const { budget, window, quantity } = part
      if (quantity === 0n) continue
      spendings.push(part)
      if (quantity < 0n) continue
      const told = tellings.filter((one) => one.budget === budget && one.window === window)
      const now = budget.thresholds.filter(
        (percent) =>
          spentIn(budget.id, window) * 100n >= BigInt(percent) * budget.limit &&
          !told.some(({ thresholds }) => thresholds.includes(percent)),
      )
      if (now.length > 0) tellings.push({ budget, window, thresholds: now })
    }
  }
  const spentIn = (id: bigint, window: number) =>
    total(spendings.filter((part) => part.budget.id === id && part.window === window).map(({ quantity }) => quantity))
  const pledgedIn = (id: bigint, window: number) =>
    total(
      pending().flatMap((pledge) =>
        pledge.budgets
          .filter((part) => part.budget.id === id && part.window === window)
          .map(({ quantity }) => quantity),
      ),
    )

  /** Which lot pays first, by insertion: the first that no other comes before. */
  function inOrder(owner: bigint, at: number): Lot[] {
    const rest = lots.filter((lot) => lot.owner === owner && (lot.ends === null || lot.ends > at))
    const key = (lot: Lot) => [
      lot.priority,
      lot.ends ?? Number.POSITIVE_INFINITY,
      EAGERNESS.indexOf(lot.category),
      lot.begins,
      lot.number,
    ]
    const before = (a: Lot, b: Lot) => {
      const [x, y] = [key(a), key(b)]
      const first = x.findIndex((value, index) => value !== y[index])
      return (x[first] ?? 0) < (y[first] ?? 0)
    }
    const sorted: Lot[] = []
    for (const lot of rest) {
      const place = sorted.findIndex((other) => before(lot, other))
      sorted.splice(place === -1 ? sorted.length : place, 0, lot)
    }
    return sorted
  }

  const move = (owner: bigint, lot: Lot | null, nanos: bigint) => {
    if (nanos !== 0n) moves.push({ owner, lot, nanos })
  }
  function record(owner: bigint, type: string, amount: bigint, occurredAt: number, more: Partial<Posting> = {}): void {
    postings.push({
      name: undefined,
      owner,
      type,
      amount,
      writtenOff: 0n,
      occurredAt,
      lines: [],
      refunded: 0n,
      ...more,
    })
  }

  function lose(lot: Lot, type: 'expiry' | 'void', when: number): bigint {
    const rest = free(lot)
    const repaid = least(rest, owed(lot.owner))
    move(lot.owner, lot, -rest)
    move(lot.owner, null, repaid)
    // A grant that was over when it came is lost when it came.
    record(lot.owner, type, rest - repaid, Math.max(when, lot.begins))
    return rest - repaid
  }
  function dropOver(owner: bigint, at: number): void {
    for (const lot of lots)
      if (lot.owner === owner && lot.ends !== null && lot.ends <= at && free(lot) > 0n) lose(lot, 'expiry', at)
  }
  /** One thing after the other, as they would have happened had somebody watched. */
  function bringTo(owner: bigint, at: number): number {
    const now = Math.max(at, clocks.get(owner) ?? 0)
    clocks.set(owner, now)
    for (;;) {
      const deaths = pending().filter(
        (pledge) => pledge.owner === owner && pledge.kind === 'api' && pledge.deadAt <= now,
      )
      const ends = lots.flatMap((lot) =>
        lot.owner === owner && lot.ends !== null && lot.ends <= now && free(lot) > 0n ? [lot.ends] : [],
      )
      const when = Math.min(...deaths.map(({ deadAt }) => deadAt), ...ends)
      if (when === Number.POSITIVE_INFINITY) return now
      for (const pledge of deaths) if (pledge.deadAt === when) pledge.status = 'expired'
      dropOver(owner, when)
    }
  }

  /** Takes from what was promised, then from what is free, then as the policy says. */
  function charge(owner: bigint, parts: readonly Part[], amount: bigint, policy: Overage, at: number) {
    const lines: Line[] = []
    let rest = amount
    const pay = (lot: Lot | null, nanos: bigint) => {
      if (nanos <= 0n) return
      move(owner, lot, -nanos)
      rest -= nanos
      const line = lines.find((other) => other.lot === lot)
      if (line) line.nanos += nanos
      else lines.push({ lot, nanos, returned: 0n })
    }
    for (const part of parts) pay(part.lot, least(part.nanos, rest))
    const room = headroom(owner)
    const writtenOff = policy === 'charge' ? 0n : rest - least(rest, room > 0n ? room : 0n)
    rest -= writtenOff
    for (const lot of inOrder(owner, at)) pay(lot, least(free(lot), rest))
    pay(null, rest)
    return { writtenOff, lines: [...lines.filter(({ lot }) => lot), ...lines.filter(({ lot }) => !lot)] }
  }

  function pledge(
    owner: bigint | null,
    amount: bigint,
    at: number,
    more: Pick<Pledge, 'id' | 'kind' | 'budgets' | 'expiresAt' | 'deadAt'>,
  ): void {
    const parts: Part[] = []
    let rest = amount
    if (owner !== null)
      for (const lot of inOrder(owner, at)) {
        const nanos = least(free(lot), rest)
        if (nanos > 0n) parts.push({ lot, nanos })
        if (nanos > 0n) rest -= nanos
      }
    if (owner !== null && rest > 0n) parts.push({ lot: null, nanos: rest })
    pledges.push({ ...more, owner, amount, parts, admittedAt: at, status: 'pending' })
  }

  const refused = (code: string): Answer => ({ refused: code })
  const stopped = (owner: bigint) =>
    (status.get(owner) ?? 'open') === 'open' ? undefined : refused(`account_${status.get(owner)}`)

  function perform(command: Command, at: number, names: Names): Answer {
    switch (command.type) {
      case 'reserve_credits': {
        const no = stopped(command.accountId)
        if (no) return no
        const parts = inUsd(command.chain, command.amount)
        const over = overBudget(parts)
        if (command.amount > headroom(command.accountId)) return refused('insufficient_credits')
        if (over) return over
        const expiresAt = at + command.ttlMs
        pledge(command.accountId, command.amount, at, {
          id: command.id,
          kind: 'api',
          budgets: parts,
          expiresAt,
          deadAt: expiresAt + command.graceMs,
        })
        return { amount: command.amount, admittedAt: at, expiresAt, balance: balance(command.accountId) }
      }
      case 'reserve': {
        const { accountId, demand } = command
        const no = accountId === null ? undefined : stopped(accountId)
        if (no) return no
        const amount = (demand.fixed.n * 1_000_000_000n) / demand.fixed.d
        const tokens = BigInt(demand.inputTokens + demand.outputTokens * demand.choices)
        const parts = shares(command.chain, { usd: amount, tokens, requests: 1n, concurrency: 1n })
        const over = overBudget(parts)
        if (accountId !== null && amount > headroom(accountId)) return refused('insufficient_credits')
        if (over) return over
        pledge(accountId, amount, at, {
          id: command.id,
          kind: 'gateway',
          budgets: parts,
          expiresAt: Number.POSITIVE_INFINITY,
          deadAt: Number.POSITIVE_INFINITY,
        })
        // Windows go by what the clock said.
        return {
          amount,
          admittedAt: command.at,
          expiresAt: null,
          balance: accountId === null ? null : balance(accountId),
        }
      }
      case 'settle': {
        const { record: usage } = command
        if (settled.has(usage.id)) return { state: 'already_settled', overQuote: false }
        settled.add(usage.id)
        const found = pledges.find(({ id }) => id === usage.id)
        if (found) found.status = 'confirmed'
        const amount = usage.chargeNanos ?? 0n
        if (usage.accountId !== null) {
          const policy = accounts.find(({ id }) => id === usage.accountId)?.overage === 'charge' ? 'charge' : 'cap'
          const { writtenOff, lines } = charge(usage.accountId, found?.parts ?? [], amount, policy, at)
          record(usage.accountId, 'usage', amount - writtenOff, usage.occurredAt, { name: usage.id, writtenOff, lines })
          dropOver(usage.accountId, at)
        }
        const tokens = BigInt(usage.inputTokens + usage.outputTokens)
        use(shares(command.holds, { usd: amount, tokens, requests: 1n, concurrency: 0n }))
        return { state: found ? 'settled' : 'settled_late', overQuote: amount > command.quote }
      }
      case 'confirm': {
        const found = pledges.find(({ id, kind }) => id === command.reservationId && kind === 'api')
        if (!found || found.owner === null) return refused('reservation_not_found')
        if (found.end?.content === command.fingerprint) return { ...found.end.answer, replay: true }
        if (found.status === 'confirmed' || (found.status === 'expired' && found.end))
          return refused('reservation_already_confirmed')
        if (found.status === 'cancelled') return refused('reservation_cancelled')
        const direct = found.status === 'expired'
        if (direct && command.ifExpired !== 'charge') return refused('reservation_expired')
        const policy = command.onOverage ?? accounts.find(({ id }) => id === found.owner)?.overage ?? 'charge'
        const had = direct ? 0n : found.amount
        if (policy === 'reject' && command.amount > had) return refused('amount_exceeds_reservation')
        if (!direct) found.status = 'confirmed'
        const { writtenOff, lines } = charge(found.owner, direct ? [] : found.parts, command.amount, policy, at)
        record(found.owner, 'usage', command.amount - writtenOff, at, { name: names.transaction, writtenOff, lines })
        dropOver(found.owner, at)
        const over = command.amount > had ? command.amount - had : 0n
        const numbers = {
          reserved: had,
          charged: command.amount - writtenOff,
          released: had + over - command.amount,
          overage: over,
          writtenOff,
        }
        const answer = {
          status: 'confirmed',
          ...numbers,
          late: direct || at >= found.expiresAt,
          balance: balance(found.owner),
        }
        found.end = { content: command.fingerprint, answer }
        use(found.budgets.map((part) => ({ ...part, quantity: command.amount })))
        for (const usage of command.usage ?? []) hear(usage, names.transaction ?? null)
        return answer
      }
      case 'cancel': {
        const found = pledges.find(({ id, kind }) => id === command.reservationId && kind === 'api')
        if (!found || found.owner === null) return refused('reservation_not_found')
        if (found.status === 'cancelled' && found.end) return { ...found.end.answer, replay: true }
        if (found.status === 'confirmed') return refused('reservation_already_confirmed')
        if (found.status === 'expired') return refused('reservation_expired')
        found.status = 'cancelled'
        dropOver(found.owner, at)
        const numbers = { reserved: found.amount, charged: 0n, released: found.amount, overage: 0n, writtenOff: 0n }
        const answer = { status: 'cancelled', ...numbers, late: false, balance: balance(found.owner) }
        found.end = { content: 'cancelled', answer }
        return answer
      }
      case 'extend': {
        const found = pledges.find(({ id, kind }) => id === command.reservationId && kind === 'api')
        if (!found) return refused('reservation_not_found')
        if (found.status === 'confirmed') return refused('reservation_already_confirmed')
        if (found.status === 'cancelled') return refused('reservation_cancelled')
        if (found.status === 'expired' || at >= found.expiresAt) return refused('reservation_expired')
        found.expiresAt = Math.min(at + command.ttlMs, found.admittedAt + DAY)
        found.deadAt = found.expiresAt + command.graceMs
        return { expiresAt: found.expiresAt }
      }
      case 'grant': {
        const { accountId: owner, amount, paymentId } = command
        if (status.get(owner) === 'closed') return refused('account_closed')
        const before = paymentId === null ? undefined : payments.get(paymentId)
        if (before && (before.owner !== owner || before.amount !== amount)) return refused('payment_already_credited')
        if (before) return { amount, balance: balance(owner), replay: true }
        if (paymentId !== null) payments.set(paymentId, { owner, amount })
        give(owner, amount, {
          category: command.category,
          priority: command.priority,
          begins: at,
          ends: command.expiresAt,
          name: names.grant,
        })
        record(owner, 'grant', amount, at, { name: names.transaction })
        return { amount, balance: balance(owner) }
      }
      case 'void': {
        const lot = lots.find(({ name, owner }) => name === command.grantId && owner === command.accountId)
        if (!lot) return refused('grant_not_found')
        if (free(lot) <= 0n) return refused('grant_spent')
        const amount = lose(lot, 'void', at)
        return { amount, balance: balance(lot.owner) }
      }
      case 'debit': {
        const { accountId: owner, amount } = command
        const no = stopped(owner)
        if (no) return no
        const over = overBudget(inUsd(command.chain, amount))
        if (amount > balance(owner).available) return refused('insufficient_credits')
        if (over) return over
        use(inUsd(command.chain, amount))
        record(owner, 'debit', amount, command.at, {
          name: names.transaction,
          lines: charge(owner, [], amount, 'charge', at).lines,
        })
        return { amount, balance: balance(owner) }
      }
      case 'refund': {
        const original = postings.find(
          ({ name, type }) => name === command.transactionId && (type === 'usage' || type === 'debit'),
        )
        if (!original) return refused('transaction_not_found')
        const amount = command.amount ?? original.amount - original.refunded
        if (amount === 0n || original.refunded + amount > original.amount) return refused('refund_exceeds_transaction')
        original.refunded += amount
        use(inUsd(command.chain, -amount))
        giveBack(original, amount, at)
        record(original.owner, 'refund', amount, at)
        return { amount, balance: balance(original.owner) }
      }
      case 'record_usage': {
        const { record: usage, transactionId } = command
        const same = told.filter((other) => usage.dedupeKey !== null && other.usage.dedupeKey === usage.dedupeKey)
        if (same.some((other) => other.usage.payloadHash !== usage.payloadHash || other.link !== transactionId))
          return refused('idempotency_key_mismatch')
        if (same.length > 0) return { duplicate: true }
        if (transactionId !== null) {
          const linked = postings.find(
            ({ name, type }) => name === transactionId && (type === 'usage' || type === 'debit'),
          )
          if (!linked) return refused('transaction_not_found')
          if (linked.owner !== usage.accountId) return refused('transaction_account_mismatch')
          const again = told.some(
            (other) => other.link === transactionId && other.usage.payloadHash === usage.payloadHash,
          )
          if (again && usage.dedupeKey === null) return { duplicate: true }
        }
        hear(usage, transactionId)
        return { duplicate: false }
      }
      case 'adjust':
        throw new Error('late truth is checked against truth in time, in late-truth.test.ts')
      case 'set_status':
        status.set(command.accountId, command.status)
        if (command.expire) {
          for (const lot of lots)
            if (lot.owner === command.accountId && left(lot) > 0n) lot.ends = Math.min(lot.ends ?? at, at)
          dropOver(command.accountId, at)
        }
        return { expiresAt: null }
    }
  }

  /** Usage that is told counts its tokens, and where nobody pays for it, its cost. */
  function hear(usage: Told, link: bigint | null): void {
    const usd = usage.accountId === null ? (usage.costNanos ?? 0n) : 0n
    const tokens = BigInt(usage.inputTokens + usage.outputTokens)
    use(shares(usage.chain, { usd, tokens, requests: 0n, concurrency: 0n }))
    told.push({ usage, link })
  }

  function give(owner: bigint, amount: bigint, lot: Omit<Lot, 'owner' | 'number'>): void {
    const fresh: Lot = { ...lot, owner, number: lots.length }
    const repaid = least(amount, owed(owner))
    lots.push(fresh)
    move(owner, fresh, amount - repaid)
    move(owner, null, repaid)
  }

  function giveBack(original: Posting, amount: bigint, at: number): void {
    let [rest, homeless] = [amount, 0n]
    for (const line of [...original.lines].reverse()) {
      const part = least(rest, line.nanos - line.returned)
      line.returned += part
      rest -= part
      const living = line.lot !== null && (line.lot.ends === null || line.lot.ends > at)
      const home = living ? part : line.lot === null ? least(part, owed(original.owner)) : 0n
      move(original.owner, line.lot, home)
      homeless += part - home
    }
    if (homeless > 0n)
      give(original.owner, homeless, { category: 'adjustment', priority: 50, begins: at, ends: at + 30 * DAY })
  }

  function ownerOf(command: Command): bigint | null {
    if (command.type === 'settle') return command.record.accountId
    if ('accountId' in command) return command.accountId
    if (command.type === 'refund') return postings.find(({ name }) => name === command.transactionId)?.owner ?? null
    return pledges.find(({ id }) => id === command.reservationId)?.owner ?? null
  }

  return {
    run(command: Command, names: Names): Answer {
      const owner = ownerOf(command)
      const at = owner === null ? command.at : bringTo(owner, command.at)
      const { idempotency } = command
      if (!idempotency) return perform(command, at, names)
      const name = `${idempotency.operation} ${idempotency.key}`
      const before = kept.get(name)
      if (before && command.type !== 'settle') {
        if (before.fingerprint !== idempotency.fingerprint) return refused('idempotency_key_mismatch')
        if (before.running) return refused('idempotency_in_progress')
        return before.answer ? { ...before.answer, replay: true } : refused('generation_already_settled')
      }
      const answer = perform(command, at, names)
      const { fingerprint } = idempotency
      if (command.type === 'reserve') {
        if (!('refused' in answer)) kept.set(name, { fingerprint, running: true })
      } else if (command.type === 'settle') {
        if (!('state' in answer) || answer.state === 'already_settled') return answer
        if ((command.record.chargeNanos ?? 1n) > 0n) kept.set(name, { fingerprint, running: false })
        else kept.delete(name)
      } else if (!('refused' in answer) || STICKING.includes(String(answer.refused)))
        kept.set(name, { fingerprint, answer, running: false })
      return answer
    },
    /** Everything that can be seen, in an order of its own. */
    state: () => ({
      accounts: accounts.map(({ id }) => ({ posted: posted(id), reserved: reserved(id) })),
      grants: accounts.map(({ id }) =>
        lots
          .filter(({ owner }) => owner === id)
          .map((lot) => ({ remaining: left(lot), reserved: heldOf(lot), expiresAt: lot.ends })),
      ),
      transactions: accounts.map(({ id }) =>
        postings
          .filter(({ owner }) => owner === id)
          .map(({ type, amount, writtenOff, occurredAt }) => `${type} ${amount} ${writtenOff} ${occurredAt}`)
          .sort(),
      ),
      events: [
        ...tellings.map(({ budget, thresholds }) => `budget.threshold_reached ${budget.code} ${thresholds.join(',')}`),
        ...blocks.map(({ budget }) => `budget.blocked ${budget.code} `),
      ].sort(),
      counters: budgets.map((budget) => {
        const windows = [...spendings, ...pledges.flatMap((each) => each.budgets), ...blocks]
          .filter((part) => part.budget === budget)
          .map(({ window }) => window)
        return [...new Set(windows)]
          .sort((a, b) => a - b)
          .map((window) => ({
            window,
            spent: spentIn(budget.id, window),
            reserved: pledgedIn(budget.id, window),
            fired: tellings
              .filter((one) => one.budget === budget && one.window === window)
              .flatMap(({ thresholds }) => thresholds)
              .sort((a, b) => a - b)
              .join(','),
            blocked: blocks.some((one) => one.budget === budget && one.window === window),
          }))
          .filter(isMoved)
      }),
    }),
  }
}
