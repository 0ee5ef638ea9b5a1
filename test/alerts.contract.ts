/** What alerts promise, on each store: told once, delivered at least once, signed, bounded, to nobody inside. */
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Event } from '../src/contract/events.ts'
import { SettingsFile } from '../src/contract/settings.ts'
import type { RateCard } from '../src/core/rate-card.ts'
import { watch } from '../src/jobs/watch.ts'
import { freeTaken } from '../src/store/deliveries.ts'
import { createRateCards } from '../src/store/rate-cards.ts'
import { type AlertsKit, alertsKit, SECRET } from './alerts-kit.ts'
import { type Backend, ORGANISATION } from './backends.ts'
import { commandsAt, resultOf, usd } from './commands.ts'
import { type MailServer, type Receiver, startMailServer, startReceiver } from './receivers.ts'

export function alertsContract(open: () => Promise<Backend>): void {
  let backend: Backend
  let kit: AlertsKit
  let mail: MailServer
  const receivers: Receiver[] = []
  const receiver = async (...args: Parameters<typeof startReceiver>) => {
    const started = await startReceiver(...args)
    receivers.push(started)
    return started
  }
  beforeEach(async () => {
    backend = await open()
    // The numbers of rows come from the clock of the machine, and signatures are checked against it.
    backend.clock.moveTo(Date.now())
    const name = { code: 'o', name: 'default', time_zone: 'UTC', created_at: 0n }
    await backend.store.write([backend.store.sql.insertInto('organisations').values({ id: ORGANISATION, ...name })])
    mail = await startMailServer()
    kit = alertsKit(backend, { smtp: mail.url })
  })
  afterEach(async () => {
    await kit.close()
    for (const each of receivers.splice(0)) await each.close()
    await mail.close()
    await backend.close()
  })
  const states = async () => (await kit.deliveries()).map(({ state, attempts }) => `${state} ${attempts}`)

  /** 50 at once, each of which would cross. */
  describe('fifty parallel charges that cross together', () => {
    test.each([
      ['credits.low', 10, 1],
      ['credits.negative', null, 4],
    ] as const)('are one %s, one mail and one webhook that is verified', async (type, lowCredit, each) => {
      const { store, clock } = backend
      const make = commandsAt(clock.now, store.ids)
      const account = await backend.account({ externalId: 'ann' })
      if (lowCredit !== null)
        await store.write([
          store.sql
            .updateTable('accounts')
            .set({ low_credit_nanos: usd(lowCredit) })
            .where('id', '=', account),
        ])
      const hook = await receiver()
      await kit.channel({ target: { url: hook.url }, events: [type] })
      await kit.channel({ type: 'email', target: { to: ['ops@example.test'] }, secret: null, events: [type] })
      await store.post(make.grant(account, usd(50)))
      const reservations = Array.from({ length: 50 }, () => make.reserve(account, usd(1)))
      for (const reservation of reservations) resultOf(await store.post(reservation), 'reserved')
      await Promise.all(reservations.map((reservation) => store.post(make.confirm(reservation, usd(each)))))
      expect((await kit.events()).filter((event) => event.type === type)).toHaveLength(1)
      // Two nodes look at the same time.
      const other = alertsKit(backend, { smtp: mail.url })
      await Promise.all([kit.turn(), other.turn(), kit.turn(), other.turn()])
      await kit.turn()
      await other.close()
      expect(mail.mails).toHaveLength(1)
      expect(hook.received).toHaveLength(1)
      const [got] = hook.received
      const told = new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>) as Event
      expect(Event.parse(told)).toMatchObject({
        type,
        data: { externalId: 'ann', eventId: got?.headers['webhook-id'] },
      })
      expect(mail.mails[0]?.text).toContain(`Message-ID: <${told.data.eventId}@turnpike.test>`)
    })
  })

  test('every type is told in the shape of the contract, by webhook, mail and chat', async () => {
    const [hook, chat] = [await receiver(), await receiver()]
    await kit.channel({ target: { url: hook.url } })
    const slack = await kit.channel({ type: 'slack', target: { url: 'http://127.0.0.1/…' } })
    await kit.save({ ...slack, secret: kit.sealed(slack, chat.url) })
    await kit.channel({ type: 'email', target: { to: ['ops@example.test'] }, secret: null })
    const types = Object.keys((await import('../src/contract/event-samples.ts')).eventSamples)
    for (const type of types) await kit.emit(type as Event['type'])
    for (let turns = 0; turns < 6; turns++) await kit.turn()
    expect(hook.received.map(({ body }) => Event.parse(JSON.parse(body)).type).sort()).toEqual(types.sort())
    // People get what is about single calls by name alone.
    expect([chat.received.length, mail.mails.length]).toEqual([types.length - 3, types.length - 3])
    expect(chat.received.map(({ body }) => JSON.parse(body).text).join('\n')).toContain('*80 % of budget')
    expect(chat.received.every(({ headers }) => headers['webhook-signature'] === undefined)).toBe(true)
  })

  test('a channel gets the events that it named, and those of its budget', async () => {
    const [named, ofBudget] = [await receiver(), await receiver()]
    await kit.channel({ target: { url: named.url }, events: ['usage.unpriced'] })
    await kit.channel({ target: { url: ofBudget.url }, budgetCode: 'mine' })
    await kit.emit('usage.unpriced')
    await kit.emit('budget.blocked', { budgetId: 'bud_mine' })
    await kit.emit('budget.blocked', { budgetId: 'bud_other' })
    await kit.turn()
    expect(named.received.map(({ body }) => JSON.parse(body).type)).toEqual(['usage.unpriced'])
    expect(ofBudget.received.map(({ body }) => JSON.parse(body).data.budgetId)).toEqual(['bud_mine'])
  })

  test('a receiver that fails is tried again later and later, under one id, until it takes it', async () => {
    const hook = await receiver((response, index) => response.writeHead(index < 2 ? 500 : 204).end('no'))
    await kit.channel({ target: { url: hook.url } })
    await kit.emit('usage.unpriced')
    await kit.turn()
    await kit.turn()
    expect(await states()).toEqual(['pending 1'])
    backend.clock.forward(5_000)
    await kit.turn()
    expect(await states()).toEqual(['pending 2'])
    backend.clock.forward(299_000)
    await kit.turn()
    expect(await states()).toEqual(['pending 2'])
    backend.clock.forward(1_000)
    await kit.turn()
    expect(await states()).toEqual(['delivered 3'])
    expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const stamps = hook.received.map(({ headers }) => Number(headers['webhook-timestamp']))
    expect([(stamps[1] ?? 0) - (stamps[0] ?? 0), (stamps[2] ?? 0) - (stamps[1] ?? 0)]).toEqual([5, 300])
  })

  test('Retry-After is waited for, 410 gives the channel up, a redirect and a private address are failures', async () => {
    const slow = await receiver((response) => response.writeHead(503, { 'retry-after': '120' }).end())
    const gone = await receiver((response) => response.writeHead(410).end())
    const moved = await receiver((response) => response.writeHead(302, { location: slow.url }).end())
    for (const { url } of [slow, gone, moved]) await kit.channel({ target: { url } })
    await kit.channel({ target: { url: 'https://[::1]/' } })
    await kit.emit('usage.unpriced')
    await kit.turn()
    const rows = await kit.deliveries()
    expect(rows.map(({ state }) => state)).toEqual(['pending', 'failed', 'pending', 'pending'])
    expect(Number(rows[0]?.next_at) - backend.clock.now()).toBe(120_000)
    expect(rows[2]?.log).toContain('redirects are not followed (302)')
    expect(rows[3]?.log).toContain('not public')
    expect((await kit.channels()).map(({ disabled }) => disabled)).toEqual([0n, 1n, 0n, 0n])
    expect([slow.received.length, moved.received.length]).toEqual([1, 1])
  })

  test('after the last try the channel is given up, and people are told of it once', async () => {
    const hook = await receiver((response) => response.writeHead(500).end())
    await kit.channel({ target: { url: hook.url } })
    await kit.channel({ type: 'email', target: { to: ['ops@example.test'] }, secret: null, events: ['credits.low'] })
    await kit.emit('usage.unpriced')
    await kit.emit('usage.unpriced')
    for (const wait of [0, 5, 300, 1_800, 0]) {
      backend.clock.forward(wait * 1_000)
      await kit.turn()
    }
    await kit.emit('usage.unpriced')
    await kit.turn()
    expect(hook.received).toHaveLength(8)
    const ended = (await kit.deliveries()).filter(({ type }) => type === 'usage.unpriced')
    expect(ended.map(({ state }) => state)).toEqual(['failed', 'failed'])
    expect(mail.mails).toHaveLength(1)
    expect(mail.mails[0]?.text).toContain('Subject: Alerts no longer go to 127.0.0.1')
    expect((await kit.events()).filter(({ type }) => type === 'webhook.endpoint_disabled')).toHaveLength(1)
  })

  test('the schedule is that of the guide, each wait up to a tenth longer by chance, and then the channel is given up', async () => {
    const fractions = [0, 0.999, 0.5, 0.25]
    let drawn = 0
    const waits = SettingsFile.parse({}).webhooks.retrySeconds
    expect(waits).toEqual([0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400])
    await kit.close()
    const options = { smtp: mail.url, retrySeconds: waits, fraction: () => fractions[drawn++ % 4] ?? 0 }
    kit = alertsKit(backend, options)
    const hook = await receiver((response) => response.writeHead(500).end('no'))
    await kit.channel({ target: { url: hook.url } })
    await kit.channel({ type: 'email', target: { to: ['ops@example.test'] }, secret: null, events: ['credits.low'] })
    await kit.emit('usage.unpriced')
    await kit.turn()
    for (let tries = 1; tries < waits.length; tries++) {
      expect(hook.received).toHaveLength(tries)
      const [row] = await kit.deliveries()
      const wait = Number(row?.next_at) - backend.clock.now()
      expect(wait).toBe(Math.ceil((waits[tries] ?? 0) * 1_000 * (1 + 0.1 * (fractions[(tries - 1) % 4] ?? 0))))
      backend.clock.forward(wait - 1)
      await kit.turn()
      expect([hook.received.length, ...(await states())]).toEqual([tries, `pending ${tries}`])
      backend.clock.forward(1)
      await kit.turn()
    }
    expect([hook.received.length, (await states())[0]]).toEqual([waits.length, `failed ${waits.length}`])
    expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect((await kit.channels()).map(({ disabled }) => disabled)).toEqual([1n, 0n])
    await kit.turn()
    expect(mail.mails.map(({ to }) => to)).toEqual([['ops@example.test']])
  })

  test('a receiver that does not answer is left after 15 seconds, and tried again', async () => {
    const asked: number[] = []
    await kit.close()
    // The time is over as soon as the request is there.
    const there = Promise.withResolvers<void>()
    kit = alertsKit(backend, {
      after(ms, callback) {
        asked.push(ms)
        void there.promise.then(callback)
        return { cancel: () => {} }
      },
    })
    const left = Promise.withResolvers<void>()
    const hook = await receiver((response) => {
      response.on('close', () => left.resolve())
      there.resolve()
    })
    await kit.channel({ target: { url: hook.url } })
    await kit.emit('usage.unpriced')
    await kit.turn()
    await left.promise
    expect(asked).toEqual([15_000])
    const [row] = await kit.deliveries()
    expect([row?.state, row?.attempts, Number(row?.next_at) - backend.clock.now()]).toEqual(['pending', 1n, 5_000])
    expect(row?.log).toContain('no answer within 15 seconds')
  })

  test('a slow or poisoned event holds up no other', async () => {
    const held: (() => void)[] = []
    const [stuck, quick] = [await receiver((response) => void held.push(() => response.end())), await receiver()]
    await kit.channel({ target: { url: stuck.url }, events: ['usage.unpriced'] })
    await kit.channel({ target: { url: quick.url }, events: ['credits.low'] })
    const { store } = backend
    const poisoned = await kit.emit('credits.low')
    await store.write([store.sql.updateTable('outbox').set({ data: '{' }).where('id', '=', poisoned.id)])
    for (let events = 0; events < 40; events++) await kit.emit('usage.unpriced')
    await kit.emit('credits.low')
    await kit.begin()
    while (quick.received.length < 1 || held.length < 4) await new Promise((resolve) => setImmediate(resolve))
    await kit.begin()
    expect([quick.received.length, stuck.received.length]).toEqual([1, 4])
    for (const release of held) release()
  })

  test('what a process took and died with is taken again, under the same id', async () => {
    const hook = await receiver((response, index) => (index === 0 ? undefined : response.end()))
    await kit.channel({ target: { url: hook.url } })
    await kit.emit('usage.unpriced')
    const dead = alertsKit(backend)
    await dead.begin()
    while (hook.received.length < 1) await new Promise((resolve) => setImmediate(resolve))
    await kit.turn()
    expect(hook.received).toHaveLength(1)
    // On SQLite the next start knows that nobody else is there; elsewhere the lease ends.
    await freeTaken(backend.store)
    if (backend.store.engine === 'postgres') backend.clock.forward(120_001)
    await kit.turn()
    expect(await states()).toEqual(['delivered 2'])
    expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await dead.close()
    expect(await states()).toEqual(['delivered 2'])
  })

  test('many nodes that look at the same time begin each delivery once', async () => {
    const hook = await receiver()
    await kit.channel({ target: { url: hook.url } })
    const nodes = Array.from({ length: 5 }, () => alertsKit(backend))
    for (let round = 0; round < 8; round++) {
      await Promise.all([kit.emit('usage.unpriced'), kit.emit('credits.low'), kit.emit('credits.depleted')])
      await Promise.all(nodes.flatMap((node) => [node.turn(), node.turn()]))
    }
    while ((await states()).some((state) => state.startsWith('pending'))) await kit.turn()
    expect(new Set(await states())).toEqual(new Set(['delivered 1']))
    expect(hook.received).toHaveLength(24)
    for (const node of nodes) await node.close()
  })

  test('a try that a stop broke off does not count and is made again', async () => {
    const hook = await receiver((response, index) => (index === 0 ? undefined : response.end()))
    await kit.channel({ target: { url: hook.url } })
    await kit.emit('usage.unpriced')
    const stopping = alertsKit(backend)
    await stopping.begin()
    while (hook.received.length < 1) await new Promise((resolve) => setImmediate(resolve))
    await stopping.close()
    expect(await states()).toEqual(['pending 0'])
    await kit.turn()
    expect(await states()).toEqual(['delivered 1'])
  })

  test('after a rotation both secrets sign for a day, then the new one alone', async () => {
    const hook = await receiver()
    const channel = await kit.channel({ target: { url: hook.url } })
    const fresh = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    const until = backend.clock.now() + 86_400_000
    await kit.save({
      ...channel,
      secret: kit.sealed(channel, fresh),
      oldSecret: channel.secret,
      oldSecretUntil: until,
    })
    await kit.emit('usage.unpriced')
    await kit.turn()
    backend.clock.moveTo(until)
    await kit.emit('usage.unpriced')
    await kit.turn()
    const fits = (secret: string) =>
      hook.received.map(({ body, headers }) => {
        const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
        const signature = new Webhook(secret).sign(String(headers['webhook-id']), at, body)
        return String(headers['webhook-signature']).split(' ').includes(signature)
      })
    expect(fits(fresh)).toEqual([true, true])
    expect(fits(SECRET)).toEqual([true, false])
  })

  test('a name that leads inside at the second look is not followed', async () => {
    const hook = await receiver((response) => response.writeHead(500).end())
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    const rebound = alertsKit(backend, { allow: ['127.0.0.0/8'], resolve: async () => answers.shift() ?? ['10.0.0.1'] })
    const url = hook.url.replace('127.0.0.1', 'hooks.example.test')
    await rebound.channel({ target: { url } })
    await rebound.emit('usage.unpriced')
    await rebound.turn()
    // It was connected to the address that was looked at, under its own name.
    expect(hook.received.map(({ headers }) => headers.host)).toEqual([new URL(url).host])
    backend.clock.forward(5_000)
    await rebound.turn()
    expect(hook.received).toHaveLength(1)
    expect((await rebound.deliveries())[0]?.log).toContain('only https')
    await rebound.close()
  })

  test('mail that the server does not take is repeated, and is one mail by its Message-ID', async () => {
    await kit.channel({ type: 'email', target: { to: ['a@example.test', 'b@example.test'] }, secret: null })
    mail.refusing = true
    const event = await kit.emit('credits.low', { externalId: '<b>"Ann" & Co</b>' })
    await kit.turn()
    expect((await kit.deliveries())[0]?.log).toContain('the mailbox is full')
    mail.refusing = false
    backend.clock.forward(5_000)
    await kit.turn()
    expect(mail.mails).toHaveLength(1)
    const [{ text, to } = { text: '', to: [] }] = mail.mails
    expect(to).toEqual(['a@example.test', 'b@example.test'])
    expect(text).toContain(`Message-ID: <evt_${event.code}@turnpike.test>`)
    expect(text).toMatch(/Content-Type: text\/plain[\s\S]*Content-Type: text\/html/)
    expect(text.split('text/html')[1]).toContain('&lt;b&gt;')
    expect(text.split('text/html')[1]).not.toContain('<b>')
  })

  test('a receiver that never stops answering is left once its status is known', async () => {
    const hook = await receiver((response) => {
      response.writeHead(200)
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    })
    await kit.channel({ target: { url: hook.url } })
    await kit.emit('usage.unpriced')
    await kit.turn()
    expect(await states()).toEqual(['delivered 1'])
    expect((await kit.deliveries())[0]?.log.length).toBeLessThan(700)
  })

  test('what is known around a crossing is told with it: who spends most, how fast, until when', async () => {
    const { store, clock } = backend
    const make = commandsAt(clock.now, store.ids)
    const hook = await receiver()
    await kit.channel({ target: { url: hook.url } })
    const account = await backend.account({ externalId: 'ann' })
    const apiKeyId = await backend.key({ accountId: account })
    await store.write([
      store.sql
        .updateTable('accounts')
        .set({ low_credit_nanos: usd(4) })
        .where('id', '=', account),
    ])
    await store.post(make.grant(account, usd(10)))
    const models = ['a', 'a', 'a', 'b', 'c', 'd']
    for (const [index, model] of models.entries()) {
      const call = make.admit(account, usd(1), { apiKeyId })
      await store.post(call)
      await store.post(make.settle(call, usd(index === 3 ? 2 : 1), { record: { model } }))
    }
    const windowStart = new Date(clock.now() - 3_600_000).toISOString()
    const windowEnd = new Date(clock.now() + 36_000_000).toISOString()
    const day = { metric: 'usd', value: 7, limit: 14, windowStart, windowEnd, decimal: { value: '7', limit: '14' } }
    await kit.emit('budget.threshold_reached', { ...day, scope: 'account', scopeId: 'acc_unknown' })
    await kit.emit('budget.threshold_reached', { ...day, scope: 'model', scopeId: 'a' })
    await kit.turn()
    await kit.turn()
    const told = hook.received.map(({ body }) => Event.parse(JSON.parse(body)))
    const low = told.find(({ type }) => type === 'credits.low')
    expect(low?.data).toMatchObject({
      topModels: [{ name: 'a', requests: 3, chargeUsd: 3 }, { name: 'b', chargeUsd: 2 }, { name: 'c' }],
      topKeys: [{ requests: 6, totalTokens: 720, chargeUsd: 7 }],
      balanceUsd: 4,
      ratePerHourUsd: expect.any(Number),
      projectedExhaustion: expect.stringMatching(/Z$/),
    })
    const ofScope = (scope: string) => told.find(({ data }) => 'scope' in data && data.scope === scope)
    expect(ofScope('account')?.data).not.toHaveProperty('topModels')
    expect(ofScope('model')?.data).toMatchObject({
      topModels: [{ name: 'a', requests: 3 }],
      ratePerHour: 7,
      projectedExhaustion: new Date(clock.now() + 3_600_000).toISOString(),
      decimal: { ratePerHour: '7' },
    })
  })

  describe('what nobody asks for is found', () => {
    const toldOf = async (type: Event['type']) =>
      (await kit.events()).filter((event) => event.type === type).map(({ data }) => JSON.parse(data))

    test('a price that is used in place of another is told of once, and the first one of a model never', async () => {
      const { clock } = backend
      const card = (id: string, price: string, more: object = {}): RateCard => ({
        ...{ id, source: 'config', provider: 'acme', model: 'small', currency: 'USD', ...more },
        lines: [
          { meter: 'input', price, per: 1_000_000 },
          { meter: 'output', price: '2', per: 1_000_000 },
        ],
      })
      const used = async (each: RateCard) => {
        clock.forward(60_000)
        await createRateCards(kit.store).keep([each])
        clock.forward(60_000)
        // Two nodes look.
        await Promise.all([watch(kit.store), watch(kit.store)])
        await watch(kit.store)
      }
      await watch(kit.store)
      await used(card('first', '1'))
      await used(card('other', '7', { model: 'large' }))
      expect(await toldOf('price.changed')).toEqual([])
      await used(card('night', '0.5', { windows: [{ start: '22:00', end: '06:00' }] }))
      expect(await toldOf('price.changed')).toEqual([])
      await used(card('summer', '2'))
      const flat = [{ meter: 'input', before: '1 USD per 1000000', after: '2 USD per 1000000' }]
      const summer = { provider: 'acme', model: 'small', changes: flat, rateCardId: 'summer' }
      expect(await toldOf('price.changed')).toEqual([summer])
      await used(card('second', '1.5', { model: 'large' }))
      await used(card('second', '1.5', { model: 'large' }))
      const changes = [{ meter: 'input', before: '7 USD per 1000000', after: '1.5 USD per 1000000' }]
      expect(await toldOf('price.changed')).toEqual([
        summer,
        { provider: 'acme', model: 'large', changes, rateCardId: 'second' },
      ])
    })

    test('a day on which much more is spent than usual is told of once, and no day of the first week', async () => {
      const { store, clock } = backend
      const make = commandsAt(clock.now, store.ids)
      const account = await backend.account({ externalId: 'ann' })
      await store.post(make.grant(account, usd(1_000)))
      const spend = async (amount: number) => {
        const call = make.admit(account, usd(amount))
        await store.post(call)
        await store.post(make.settle(call, usd(amount)))
        clock.forward(20 * 60_000)
        await watch(kit.store)
      }
      const DAY = 86_400_000
      for (const amount of [1, 90, 1, 1, 1, 1, 1, 1, 1]) {
        await spend(amount)
        clock.forward(DAY - 20 * 60_000)
      }
      // The day before the week was dear; now an average day is a dollar.
      clock.forward(DAY)
      expect(await toldOf('spend.anomaly')).toEqual([])
      await spend(3)
      expect(await toldOf('spend.anomaly')).toEqual([])
      await spend(20)
      await spend(30)
      const [told, ...others] = await toldOf('spend.anomaly')
      expect(told.chargeUsd).toBe(23)
      expect(told.usualUsd).toBeLessThanOrEqual(1)
      expect(others).toEqual([])
    })

    test('credit that ends is told of seven days and one day before, once each, on any number of nodes', async () => {
      const { store, clock } = backend
      const make = commandsAt(clock.now, store.ids)
      const account = await backend.account()
      const day = 86_400_000
      await store.post(make.grant(account, usd(5), { expiresAt: clock.now() + 10 * day }))
      await store.post(make.grant(account, usd(5), { expiresAt: clock.now() + day / 2 }))
      const told = async () =>
        (await kit.events()).filter(({ type }) => type === 'grant.expiring').map(({ data }) => JSON.parse(data).days)
      const look = () => Promise.all([watch(kit.store), watch(kit.store)])
      await look()
      expect(await told()).toEqual([])
      clock.forward(3 * day)
      await look()
      await look()
      expect(await told()).toEqual([7])
      clock.forward(6 * day)
      await look()
      expect(await told()).toEqual([7, 1])
    })

    test('a charge that nobody explains is told of once after 15 minutes, one that is explained never', async () => {
      const { store, clock } = backend
      const make = commandsAt(clock.now, store.ids)
      const account = await backend.account()
      await store.post(make.grant(account, usd(5)))
      const charge = async () => {
        const reservation = make.reserve(account, usd(1))
        await store.post(reservation)
        return resultOf(await store.post(make.confirm(reservation, usd(1))), 'ended').transaction?.id ?? 0n
      }
      await watch(kit.store)
      clock.forward(1_000)
      await charge()
      const explained = await charge()
      await store.post(make.usage(account, explained))
      clock.forward(14 * 60_000)
      await watch(kit.store)
      const told = async () => (await kit.events()).filter(({ type }) => type === 'usage.missing')
      expect(await told()).toEqual([])
      clock.forward(2 * 60_000)
      await Promise.all([watch(kit.store), watch(kit.store)])
      await watch(kit.store)
      expect(await told()).toHaveLength(1)
    })
  })
}
