/** Plans by the calendar of an organisation: each occurrence is granted once, on its day, to who may still have it. */
import { Temporal } from 'temporal-polyfill'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { grantPlans } from '../src/store/plans.ts'
import { type Api, openApi } from './api-kit.ts'
import { code, creditsHands, expectResult } from './credits-kit.ts'

const ZONE = 'Europe/Berlin'
const DAY = 86_400_000

let api: Api
/** A management key of an organisation with a calendar of its own. */
let berlin: string
beforeAll(async () => {
  api = await openApi(undefined, { still: true })
  await post('/api/admin/organisations', { name: 'berlin', timeZone: ZONE })
  const made = await post('/api/admin/management-keys', { name: 'n', role: 'admin', organisationId: 'berlin' })
  berlin = made.body.key
})
afterAll(async () => {
  expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  await api.close()
})
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const { get, post, patch, account, balance } = creditsHands(() => api)
const tick = () => grantPlans(api.store, api.store.now())
const plan = async (more: object, key = api.operator): Promise<string> => {
  const reply = await post('/v1/plans', { name: 'P', amount: 10, accumulate: true, ...more }, undefined, key)
  return expectResult('createPlan', reply).plan.id
}
const assign = (id: string, planId: string, more: object = {}, key = api.operator) =>
  post(`/v1/accounts/${id}/plan`, { planId, ...more }, undefined, key)

let customers = 0
async function customerOfBerlin(): Promise<string> {
  const body = { name: 'N', externalId: `b-${++customers}` }
  return (await post('/v1/accounts', body, undefined, berlin)).body.account.id
}
const localNow = () => Temporal.Instant.fromEpochMilliseconds(api.store.now()).toZonedDateTimeISO(ZONE)
const starts = async (id: string): Promise<string[]> => {
  const { grants } = (await get(`/v1/grants?accountId=${id}`, berlin)).body
  return grants.map(({ effectiveAt }: { effectiveAt: string }) => effectiveAt).reverse()
}

describe('a plan', () => {
  test('of a week begins on Monday at midnight of the organisation, and comes every seven days', async () => {
    const id = await customerOfBerlin()
    const planId = await plan({ interval: 'week', occurrences: 3 }, berlin)
    const { startsAt } = (await assign(id, planId, { startMode: 'next_interval' }, berlin)).body
    const today = localNow().toPlainDate()
    const monday = today.add({ days: 8 - today.dayOfWeek })
    const weeks = [0, 1, 2, 3].map((index) => monday.add({ weeks: index }).toZonedDateTime(ZONE).epochMilliseconds)
    expect(Date.parse(startsAt)).toBe(weeks[0])
    const counts = []
    for (const instant of weeks) {
      for (const at of [instant - 1, instant]) {
        api.forward(at - api.store.now())
        await tick()
        counts.push((await starts(id)).length)
      }
    }
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 3])
    expect((await starts(id)).map((text) => Date.parse(text))).toEqual(weeks.slice(0, 3))
  })

  test('of 30 days goes by the clock on the wall, through the changes of a year', async () => {
    const id = await customerOfBerlin()
    const from = localNow()
    await assign(id, await plan({ interval: '30d' }, berlin), {}, berlin)
    api.forward(from.add({ days: 360 }).epochMilliseconds - api.store.now())
    await tick()
    const { grants } = (await get(`/v1/grants?accountId=${id}`, berlin)).body
    expect(grants).toHaveLength(13)
    expect((await get(`/v1/accounts/${id}/balance`, berlin)).body.balance).toBe(130)
    api.forward(from.add({ days: 390 }).epochMilliseconds - 1 - api.store.now())
    await tick()
    expect(await starts(id)).toHaveLength(13)
    api.forward(1)
    await tick()
    expect(await starts(id)).toHaveLength(14)
  })

  test('that does not accumulate ends what is left with its interval', async () => {
    const { id } = await account()
    await assign(id, await plan({ interval: 'week', accumulate: false }))
    expect((await post(`/v1/accounts/${id}/debits`, { amount: 4, description: 'x' })).body.balance).toBe(6)
    api.forward(7 * DAY - 1)
    expect(await balance({ id })).toEqual([6, 0, 6])
    api.forward(1)
    await tick()
    expect(await balance({ id })).toEqual([10, 0, 10])
  })

  test('that is not marked as active is kept for later and assigned to nobody', async () => {
    const { id } = await account()
    const made = await post('/v1/plans', { name: 'Draft', amount: 1, interval: '7d', markAsActive: false })
    const { plan: draft } = expectResult('createPlan', made)
    expect(draft).toMatchObject({ isActive: false, interval: '7d', occurrences: null, accumulate: false })
    expect(code(await assign(id, draft.id))).toBe('404 plan_not_found')
    expect(await balance({ id })).toEqual([0, 0, 0])
    const active = await post('/v1/plans', { name: 'Ready', amount: 1, interval: '7d', markAsActive: true })
    expect(active.body.plan.isActive).toBe(true)
    for (const wrong of [{ markAsActive: 'yes' }, { accumulate: 1 }, { interval: '10000d' }, { interval: '1 d' }])
      expect(code(await post('/v1/plans', { name: 'x', amount: 1, interval: '7d', ...wrong }))).toBe(
        '400 invalid_request',
      )
  })

  test('is not assigned to an account that is closed, and grants nothing to it any more', async () => {
    const { id } = await account()
    const planId = await plan({ interval: '1d' })
    await assign(id, planId)
    expect(await balance({ id })).toEqual([10, 0, 10])
    await patch(id, { status: 'closed' })
    const refused = await assign(id, await plan({ interval: '1d', amount: 1 }))
    expect([code(refused), refused.headers['x-should-retry']]).toEqual(['409 account_closed', 'false'])
    api.forward(3 * DAY)
    await tick()
    expect(await balance({ id })).toEqual([10, 0, 10])
    await patch(id, { status: 'open' })
    expect((await assign(id, planId)).status).toBe(200)
    expect(await balance({ id })).toEqual([20, 0, 20])
  })
})
