/** Paths beside chat go through the same admission, metering and settling, and cost what the ledger holds. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const EMBEDDER = 'openai/text-embedding-3-small'
const WRITER = 'openai/gpt-3.5-turbo-instruct'

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const lastRecord = async () => (await recordsOf(turnpike)).at(-1)
const clientOn = (mount: string) => new OpenAI({ baseURL: `${turnpike.url}${mount}`, apiKey: turnpike.key })

for (const mount of ['/v1', '/api/v1']) {
  describe(`on ${mount}`, () => {
    test('the openai client reads embeddings, as floats and as the base64 that it asks for by default', async () => {
      const client = clientOn(mount)
      const input = ['Paris', 'Rome']
      const plain = await client.embeddings.create({ model: EMBEDDER, input, encoding_format: 'float' })
      const packed = await client.embeddings.create({ model: EMBEDDER, input })
      expect(plain.object).toBe('list')
      expect(plain.data.map(({ index }) => index)).toEqual([0, 1])
      expect(packed.data.map(({ embedding }) => embedding)).toEqual(plain.data.map(({ embedding }) => embedding))
      expect(plain.usage.prompt_tokens).toBeGreaterThan(0)
      expect(plain.usage.total_tokens).toBe(plain.usage.prompt_tokens)
      await expectSettled(turnpike)
    })

    test('embeddings cost their input at the price of the model, and the reply says what the ledger holds', async () => {
      const reply = await turnpike.request(`${mount}/embeddings`, {
        body: { model: EMBEDDER, input: 'What is the capital of France?', usage: { include: true } },
      })
      const body = (await reply.json()) as { usage: { prompt_tokens: number; cost: number } }
      const record = await lastRecord()
      expect(record).toMatchObject({ usage_type: 'embedding', output_tokens: 0n, source: 'reported', status: 'ok' })
      expect(record?.charge_exact).toBe(reply.headers.get('x-turnpike-cost'))
      expect(String(body.usage.cost)).toBe(String(Number(record?.charge_exact)))
      expect(record?.input_tokens).toBe(BigInt(body.usage.prompt_tokens))
      expect(JSON.stringify(body)).not.toContain('null')
    })

    test('a text completion is answered with text, whole and streamed, at one price', async () => {
      const prompt = 'The capital of France is'
      const client = clientOn(mount)
      const whole = await client.completions.create({ model: WRITER, prompt, max_tokens: 40 })
      expect(whole).toMatchObject({
        object: 'text_completion',
        choices: [{ index: 0, text: expect.stringMatching(/\w/) }],
      })
      const stream = await client.completions.create({
        model: WRITER,
        prompt,
        max_tokens: 40,
        stream: true,
        stream_options: { include_usage: true },
      })
      let text = ''
      let usage: unknown
      for await (const chunk of stream) {
        text += chunk.choices[0]?.text ?? ''
        usage = chunk.usage ?? usage
      }
      expect(text).toBe(whole.choices[0]?.text)
      expect(usage).toMatchObject({ total_tokens: whole.usage?.total_tokens })
      const [streamed, before] = (await expectSettled(turnpike)).toReversed()
      expect(streamed?.charge_nanos).toBe(before?.charge_nanos)
    })

    test('several prompts are several answers, each of them counted', async () => {
      const reply = await turnpike.request(`${mount}/completions`, {
        body: { model: WRITER, prompt: ['One', 'Two', 'Three'], n: 2, max_tokens: 20, stream: true },
      })
      const { json, data } = eventsOf(await reply.text())
      const finished = json.flatMap(({ choices }) => choices as { index: number; finish_reason: string | null }[])
      expect(new Set(finished.filter(({ finish_reason }) => finish_reason).map(({ index }) => index)).size).toBe(6)
      expect(data.at(-1)).toBe('[DONE]')
      await expectSettled(turnpike)
    })

    test.each([
      ['embeddings', { model: EMBEDDER }, 'input'],
      ['embeddings', { model: EMBEDDER, input: '' }, 'input'],
      ['embeddings', { model: EMBEDDER, input: [] }, 'input'],
      ['embeddings', { model: EMBEDDER, input: 'a', stream: true }, 'stream'],
      ['completions', { model: WRITER }, 'prompt'],
      ['completions', { model: WRITER, prompt: [] }, 'prompt'],
      ['completions', { model: WRITER, prompt: 'a'.repeat(130).split('') }, 'prompt'],
      ['completions', { model: EMBEDDER, prompt: 'a' }, 'embeddings'],
      ['chat/completions', { model: EMBEDDER, messages: [{ role: 'user', content: 'a' }] }, 'embeddings'],
    ])('%s with %.80j is refused, and nothing is charged', async (path, body, param) => {
      const before = (await recordsOf(turnpike)).length
      const reply = await turnpike.request(`${mount}/${path}`, { body })
      expect(reply.status).toBe(400)
      expect(JSON.stringify(await reply.json())).toContain(param)
      expect((await recordsOf(turnpike)).length).toBe(before)
    })
  })
}
