/** Credits, reservations and usage through the client, before a whole Turnpike: the documented five steps, and what surrounds them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { InsufficientCreditsError, type TurnpikeClient } from '../src/index.ts'

/** `open` gives a management key's client of an organisation where nothing has happened yet. */
export function creditsSuite(open: () => Promise<TurnpikeClient>): void {
  let client: TurnpikeClient
  beforeAll(async () => {
    client = await open()
  })

  let made = 0
  async function newAccount(credits: number): Promise<{ accountId: string; externalId: string }> {
    const externalId = `customer_${++made}`
    const { account } = await client.createAccount({ name: 'A customer', externalId })
    await client.addCredits({ accountId: account.id, amount: credits, description: 'start' })
    return { accountId: account.id, externalId }
  }

  test('the documented five steps run as they are written, and their numbers are right', async () => {
    await client.createAccount({ name: 'User 456', externalId: 'user_456' })
    await client.addCredits({ externalId: 'user_456', amount: 1_000, description: 'start' })
    const actualCreditsUsed = 85
    const printed: unknown[] = []
    const console = { log: (...values: unknown[]) => printed.push(values) }

    const { reservation } = await client.createReservation({
      externalId: 'user_456',
      amount: 500,
    })
    const confirmed = await client.confirmReservation(reservation.id, actualCreditsUsed)
    await client.recordUsage({
      context: 'customer',
      transactionId: confirmed.transactionId,
      accountId: confirmed.accountId, // or externalId: "user_456"
      modelId: 'gpt-4o',
      usageType: 'text',
      inputTokens: 1200,
      outputTokens: 380,
      cachedTokens: 0, // optional, for cached context
      description: 'Chat completion',
    })

    const { models } = await client.listModels()
    const estimate = await client.calculateCost({
      modelId: 'gpt-4o',
      inputTokens: 1000,
      outputTokens: 500,
    })
    console.log('Estimated cost (USD):', estimate.estimatedCostUsd)
    await client.recordUsage({
      context: 'customer',
      transactionId: confirmed.transactionId,
      accountId: confirmed.accountId,
      modelId: 'whisper-1',
      usageType: 'audio_stt',
      audioDurationSeconds: 120,
      description: 'Transcription',
    })

    const result = await client.getUsage({
      externalId: 'user_456',
      context: 'customer',
      modelId: 'gpt-4o', // optional filter
      startDate: '2024-01-01',
      endDate: '2024-01-31',
    })
    if ('usageRecords' in result) {
      console.log('Records:', result.usageRecords)
    } else {
      console.log('Summary:', result.summary)
    }

    const summary = await client.getUsageSummary('customer')
    console.log('Total cost (USD):', summary.totalCostUsd)
    console.log('Total input tokens:', summary.totalInputTokens)
    console.log('Total output tokens:', summary.totalOutputTokens)
    console.log('By model:', summary.byModel)
    console.log('By context (customer vs system):', summary.byContext)

    expect(confirmed).toMatchObject({
      charged: 85,
      released: 415,
      externalId: 'user_456',
      balance: { balance: 915, available: 915 },
    })
    expect(models.map(({ modelId }) => modelId)).toContain('whisper-1')
    const gpt = { costUsd: 0.0068, count: 1 }
    expect(printed).toMatchObject([
      ['Estimated cost (USD):', 0.0075],
      ['Records:', []],
      ['Total cost (USD):', 0.0188],
      ['Total input tokens:', 1200],
      ['Total output tokens:', 380],
      ['By model:', { 'gpt-4o': gpt, 'whisper-1': { costUsd: 0.012, count: 1 } }],
      [
        'By context (customer vs system):',
        { customer: { costUsd: 0.0188, count: 2 }, system: { costUsd: 0, count: 0 } },
      ],
    ])
  })

  describe('reservations', () => {
    test('a confirmation records what it was for in the same step, and charges it to the last digit', async () => {
      const who = await newAccount(1)
      const { reservation } = await client.createReservation({
        ...who,
        amount: 0.5,
        operation: 'chat',
        model: 'gpt-4o',
      })
      const usage = {
        modelId: 'gpt-4o',
        usageType: 'text',
        inputTokens: 5_000,
        cachedTokens: 2_000,
        outputTokens: 1_000,
      } as const
      const confirmed = await client.confirmReservation(reservation.id, { usage })
      expect(confirmed).toMatchObject({
        charged: 0.02,
        decimal: { charged: '0.02' },
        usageRecords: [{ modelId: 'gpt-4o', estimatedCostUsd: 0.02 }],
      })
      expect(await client.confirmReservation(reservation.id, { usage: [usage] })).toEqual(confirmed)
      expect((await client.getReservation(reservation.id)).reservation).toMatchObject({
        status: 'confirmed',
        transactionId: confirmed.transactionId,
      })
    })

    test('are cancelled, extended, and listed over their pages', async () => {
      const who = await newAccount(10)
      const ids: string[] = []
      for (let count = 0; count < 5; count++)
        ids.push((await client.createReservation({ ...who, amount: 1 })).reservation.id)
      expect(await client.cancelReservation(ids[0] ?? '')).toMatchObject({
        status: 'cancelled',
        released: 1,
        balance: { reserved: 4, available: 6 },
      })
      const { expiresAt } = await client.extendReservation(ids[1] ?? '', 3_600)
      expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 3_000_000)
      const listed: string[] = []
      for await (const { id } of client.listReservations({ ...who, activeOnly: true, limit: 3 })) listed.push(id)
      expect(listed).toEqual(ids.slice(1).reverse())
    })

    test('of 20 at once that do not all fit, exactly as many as fit are made, and the others say what is missing', async () => {
      const who = await newAccount(500)
      const asked = await Promise.allSettled(
        Array.from({ length: 20 }, () => client.createReservation({ ...who, amount: 75 })),
      )
      const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
      expect(refused).toHaveLength(14)
      for (const error of refused) {
        expect(error).toBeInstanceOf(InsufficientCreditsError)
        expect(error).toMatchObject({ details: { needed: 75, available: 50, shortfall: 25 } })
      }
    })
  })

  describe('transactions, grants, accounts', () => {
    test('a transaction is posted, shown with its usage, and refunded', async () => {
      const who = await newAccount(10)
      const { reservation } = await client.createReservation({ ...who, amount: 2 })
      const { transactionId } = await client.confirmReservation(reservation.id, {
        actualAmount: '1.5',
        usage: { modelId: 'whisper-1', usageType: 'audio_stt', audioDurationSeconds: 60 },
      })
      const { transaction } = await client.refundTransaction(transactionId, {
        amount: 0.5,
        reason: 'half of it was silence',
      })
      expect(transaction).toMatchObject({ type: 'credit', kind: 'refund', amount: 0.5, balanceAfter: 9 })
      await client.createTransaction({ ...who, amount: 3, type: 'credit', description: 'gift' })
      const { items } = await client.listTransactions({ ...who, include: 'reservation,usage' })
      expect(items.map(({ kind, amount }) => [kind, amount])).toEqual([
        [expect.any(String), 3],
        ['refund', 0.5],
        [expect.any(String), 1.5],
        ['grant', 10],
      ])
      expect(items[2]).toMatchObject({ reservation: { id: reservation.id }, usageRecords: [{ modelId: 'whisper-1' }] })
    })

    test('a plan is made, listed, given to an account, and archived', async () => {
      const who = await newAccount(1)
      const { plan } = await client.createPlan({
        name: 'Pro',
        amount: 100,
        interval: 'month',
        occurrences: 12,
        accumulate: false,
      })
      expect(plan).toMatchObject({ credits: 100, interval: 'month' })
      expect(await client.assignPlan({ ...who, planId: plan.id, startMode: 'now' })).toMatchObject({
        accountId: who.accountId,
        planId: plan.id,
      })
      const ids: string[] = []
      for await (const { id } of client.listPlans({ limit: 1 })) ids.push(id)
      expect(ids).toContain(plan.id)
      expect(await client.archivePlan(plan.id)).toMatchObject({ success: true })
    })

    test('a grant is listed and voided, an account frozen', async () => {
      const who = await newAccount(10)
      const { grantId } = await client.addCredits({
        ...who,
        amount: 5,
        description: 'a trial',
        category: 'promotional',
      })
      const grants = []
      for await (const { id, remaining } of client.listGrants({ ...who, limit: 1 })) grants.push([id, remaining])
      expect(grants).toHaveLength(2)
      expect(grants).toContainEqual([grantId, 5])
      expect(await client.voidGrant(grantId)).toMatchObject({ voided: 5, balance: 10 })
      expect(await client.updateAccount(who.accountId, { status: 'frozen' })).toMatchObject({ status: 'frozen' })
      await expect(client.createReservation({ ...who, amount: 1 })).rejects.toMatchObject({
        name: 'PermissionError',
        code: 'account_frozen',
      })
    })
  })

  test('usage of the system and of customers is listed over its pages, and its sums are those of the rows', async () => {
    for (let count = 0; count < 3; count++)
      await client.recordUsage({
        context: 'system',
        modelId: 'gpt-4o',
        usageType: 'text',
        inputTokens: 1_000 + count,
        outputTokens: 10,
      })
    let input = 0
    const filters = { context: 'system', modelId: 'gpt-4o' } as const
    for await (const { inputTokens } of client.getUsage({ ...filters, limit: 2 })) input += inputTokens ?? 0
    const { summary } = await client.getUsage({ ...filters, summary: true })
    expect(summary.totalInputTokens).toBe(input)
    expect(summary).toEqual(await client.getUsageSummary(filters))
  })
}
