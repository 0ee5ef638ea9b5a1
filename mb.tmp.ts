import { cacheDiscount } from './src/core/card-cost.ts'
import { costDetails, decimalOf, recordLines } from './src/core/cost-details.ts'
import { price } from './src/core/price.ts'
import { quote } from './src/core/quote.ts'
import { readUsage } from './src/core/read-usage.ts'
import { openai } from './src/dialects/openai.ts'
import { admit } from './src/gateway/admit.ts'
import { candidatesFor } from './src/gateway/candidates.ts'
import { readChat } from './src/gateway/read.ts'
import { settle } from './src/gateway/settle.ts'
import { detailsHash } from './src/lib/details-hash.ts'
import { guardJson } from './src/lib/json-guard.ts'
import { spliceMembers, topLevelMembers } from './src/lib/json-scan.ts'
import { hashSecret } from './src/lib/secret.ts'
import { packCommand } from './src/store/command-codec.ts'
import { startTurnpike } from './test/turnpike.ts'

const tp = await startTurnpike()
const g: any = { ...tp.server.gateway }
let lastCmd: any
const cmds: Record<string, any> = {}
g.store = {
  ...g.store,
  now: () => Date.now(),
  post: async (c: any) => {
    cmds[c.type] = c
    if (c.type === 'reserve')
      return {
        ok: true,
        result: { kind: 'reserved', amount: 100000000n, holds: [], admittedAt: c.at, expiresAt: null, balance: null },
      }
    return { ok: true, result: { kind: 'settled', state: 'settled', overQuote: false } }
  },
}
g.log = { ...g.log, info() {} }
const body = Buffer.from(
  JSON.stringify({
    model: 'gpt-4o-mini',
    max_tokens: 100,
    usage: { include: true },
    messages: [{ role: 'user', content: 'x'.repeat(1000) }],
  }),
)
const headers = { authorization: 'Bearer ' + tp.key, 'content-type': 'application/json', 'user-agent': 'openai/6.1' }
const caller = await g.keys.authenticate(tp.key)
const call = readChat(body, headers as any)
const id = { ...g.store.ids.next(), requestId: 'a'.repeat(32) }
const reply = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'y'.repeat(700), refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 175,
    completion_tokens: 80,
    total_tokens: 255,
    prompt_tokens_details: { cached_tokens: 161, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp',
})
const admission: any = await admit(g, caller, call, id)
const cand = admission.candidates[0]
const parsed = JSON.parse(reply)
const usage: any = readUsage(cand.endpoint.provider.reading, parsed.usage, { model: 'm', delivered: true })
const outcome: any = {
  status: 'ok',
  served: cand,
  attempts: [{ provider: 'p', providerName: 'P', endpoint: 'e', model: 'm', status: 200, latencyMs: 3, error: null }],
  usage,
  source: 'reported',
  rawUsage: parsed.usage,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  upstreamId: 'chatcmpl-1',
  serviceTier: 'default',
  firstTokenAt: 1,
  sentAt: 1,
}
const settled = await settle(g, admission, outcome)
const priced = settled.priced
const ctx: any = {
  id: 'gen-1795313642-0VbfF544YBCH9YgYZhfe',
  requestId: 'a'.repeat(32),
  created: 1,
  model: 'gpt',
  provider: 'P',
  api: 'chat',
  asked: true,
  includeUsage: false,
  usageChoices: 'empty',
}
const bt = async (n: string, f: () => any, async = false) => {
  const N = 30000
  for (let i = 0; i < N; i++) async ? await f() : f()
  let best = 1e9
  for (let r = 0; r < 3; r++) {
    const a = process.cpuUsage().user
    for (let i = 0; i < N; i++) async ? await f() : f()
    best = Math.min(best, (process.cpuUsage().user - a) / N)
  }
  console.log(n.padEnd(28), best.toFixed(2), 'µs')
}
await bt('readChat', () => readChat(body, headers as any))
await bt('  guard', () => guardJson(body))
await bt('hashSecret', () => hashSecret(tp.key))
await bt('authenticate', () => g.keys.authenticate(tp.key), true)
await bt('candidates', () => candidatesFor(g, call, Date.now()))
await bt('quote', () => quote({ inputTokens: 1000, outputTokens: 100 }, cand.card, g.terms))
await bt('admit', () => admit(g, caller, call, id), true)
await bt('ids.next', () => g.store.ids.next())
await bt('splice request', () =>
  spliceMembers(
    call.text,
    call.members,
    new Map([
      ['model', '"x"'],
      ['usage', undefined],
    ]),
  ),
)
await bt('JSON.parse reply', () => JSON.parse(reply))
await bt('readUsage', () => readUsage(cand.endpoint.provider.reading, parsed.usage, { model: 'm', delivered: true }))
await bt('price', () => price(usage, cand.card, g.terms))
await bt('recordLines', () => recordLines(priced))
await bt('costDetails', () => costDetails(priced))
await bt('cacheDiscount', () => cacheDiscount(usage, cand.card))
await bt('detailsHash', () => detailsHash('k', ['a', 'b', 'c', '', '', '']))
await bt('settle', () => settle(g, admission, outcome), true)
await bt('dialect.reply', () => openai.reply(reply, ctx, settled))
await bt('pack reserve', () => packCommand(cmds.reserve))
await bt('pack settle', () => packCommand(cmds.settle))
await tp.close()
