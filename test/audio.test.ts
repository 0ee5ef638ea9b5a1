/** Sound in and out goes through the same admission, metering and settling as words, and costs what the ledger holds. */
import { OpenRouter } from '@openrouter/sdk'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { wavHeader } from '../src/lib/wav.ts'
import { createCustomer, eventsOf, eventually, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const SPEAKER = 'openai/gpt-4o-mini-tts'
const READER = 'acme/reader'
const WHISPER = 'openai/whisper-1'
const LISTENER = 'openai/gpt-4o-transcribe'

/** By the character; and two by the second, for what providers tell wrongly or not at all. */
const yaml = `
models:
  - id: acme/reader
    endpoints:
      - provider: simulator
        model: reader
        rateCard: { lines: [{ meter: characters, price: "15", per: 1000000 }] }
${[
  'no-usage',
  'huge-usage',
  'html',
  'redirect',
  'error-in-200',
  'bad-json',
  'server-error',
  'unauthorized',
  'rate-limited',
  'cut-stream',
  'slow',
  'slow-first-token',
]
  .map(
    (name) => `  - id: acme/whisper-${name}
    endpoints:
      - provider: simulator
        model: whisper/${name}
        rateCard: { lines: [{ meter: audio_seconds, price: "0.36", per: 3600 }] }
  - id: acme/reader-${name}
    endpoints:
      - provider: simulator
        model: ${name}
        rateCard: { lines: [{ meter: characters, price: "15", per: 1000000 }] }`,
  )
  .join('\n')}
providers:
  simulator: { type: simulator }
limits: { retriesPerEndpoint: 0, bodyBytes: 4000000 }
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml })
})
afterAll(() => turnpike.close())

const lastRecord = async () => (await recordsOf(turnpike)).at(-1)
const clientOn = (mount: string) =>
  new OpenAI({ baseURL: `${turnpike.url}${mount}`, apiKey: turnpike.key, maxRetries: 0 })

/** Silence of a length, at 8,000 samples of 16 bits a second. */
const wav = (seconds: number): Buffer => {
  const samples = Buffer.alloc(seconds * 16_000)
  return Buffer.concat([wavHeader(samples.length, 8_000), samples])
}
const wavFile = (seconds: number) => toFile(wav(seconds), 'said.wav', { type: 'audio/wav' })

function formOf(fields: Record<string, string>, file: Buffer | undefined = wav(1), name = 'said.wav'): FormData {
  const form = new FormData()
  for (const [key, value] of Object.entries(fields)) form.append(key, value)
  if (file) form.append('file', new File([new Uint8Array(file)], name, { type: 'audio/wav' }))
  return form
}

const post = (path: string, body: FormData | string | Buffer, headers: Record<string, string> = {}) =>
  fetch(`${turnpike.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${turnpike.key}`, ...headers },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
  })

for (const mount of ['/v1', '/api/v1']) {
  const isOpenrouter = mount === '/api/v1'
  describe(`on ${mount}`, () => {
    test('the openai client gets sound in the format it asked for, and the header says what was charged', async () => {
      const client = clientOn(mount)
      for (const [response_format, type] of [
        ['wav', 'audio/wav'],
        ['mp3', 'audio/mpeg'],
        ['pcm', 'audio/pcm'],
      ] as const) {
        const reply = await client.audio.speech.create({
          model: READER,
          input: 'Grüße, 世界 👋',
          voice: 'alloy',
          response_format,
        })
        expect(reply.headers.get('content-type')).toBe(type)
        expect((await reply.arrayBuffer()).byteLength).toBeGreaterThan(100)
        const record = await lastRecord()
        // 11 code points at 15 USD a million.
        expect(reply.headers.get('x-turnpike-cost')).toBe('0.000165')
        expect(record).toMatchObject({
          usage_type: 'audio_tts',
          source: 'reported',
          status: 'ok',
          charge_nanos: 165_000n,
        })
        expect(record?.counts).toBe('{"characters":"11"}')
      }
      await expectSettled(turnpike)
    })

    test('speech that is paid for by tokens is reckoned from its length, and marked so', async () => {
      const reply = await turnpike.request(`${mount}/audio/speech`, {
        body: {
          model: SPEAKER,
          input: 'A hundred and twenty seconds of this would be too long.',
          voice: 'alloy',
          response_format: 'wav',
        },
      })
      expect(reply.status).toBe(200)
      const record = await lastRecord()
      expect(record).toMatchObject({ usage_type: 'audio_tts', source: 'estimated' })
      // 55 characters take 3.3 s, and a second about 21 tokens.
      expect(record?.output_tokens).toBe(69n)
      expect(record?.charge_exact).toBe(reply.headers.get('x-turnpike-cost'))
      await expectSettled(turnpike)
    })

    test('speech as events ends with the tokens that the provider reported, once they are charged', async () => {
      const reply = await turnpike.request(`${mount}/audio/speech`, {
        body: {
          model: SPEAKER,
          input: 'Good morning.',
          voice: 'alloy',
          stream_format: 'sse',
          usage: { include: true },
        },
      })
      expect(reply.headers.get('content-type')).toContain('text/event-stream')
      const { json } = eventsOf(await reply.text())
      expect(json.slice(0, -1).every(({ type }) => type === 'speech.audio.delta')).toBe(true)
      const record = await lastRecord()
      const done = json.at(-1) as { type: string; usage: Record<string, number> }
      expect(done.type).toBe('speech.audio.done')
      expect(done.usage.output_tokens).toBe(Number(record?.output_tokens))
      expect(String(done.usage.cost)).toBe(String(Number(record?.charge_exact)))
      expect(record).toMatchObject({ source: 'reported', usage_type: 'audio_tts' })
      await expectSettled(turnpike)
    })

    test.each([
      [120, '0.012'],
      [120.5, '0.01205'],
    ])('%d seconds of whisper-1 cost %s, and the reply says so in the words of the mount', async (seconds, cost) => {
      const reply = await clientOn(mount).audio.transcriptions.create(
        { model: WHISPER, file: await wavFile(seconds) },
        { headers: { 'X-Turnpike-Usage': 'include' } },
      )
      expect(reply.text).toMatch(/\w/)
      expect(reply.usage).toEqual(
        isOpenrouter ? { seconds, cost: Number(cost) } : { type: 'duration', seconds, cost: Number(cost) },
      )
      const record = await lastRecord()
      expect(record).toMatchObject({ usage_type: 'audio_stt', source: 'reported', charge_exact: cost, status: 'ok' })
      expect('cost_details' in reply).toBe(!isOpenrouter)
      await expectSettled(turnpike)
    })

    test('money is told to those who asked by the field of the form, which never goes up', async () => {
      const asked = await post(`${mount}/audio/transcriptions`, formOf({ model: WHISPER, 'usage[include]': 'true' }))
      const body = (await asked.json()) as Record<string, unknown>
      expect(asked.headers.get('x-turnpike-cost')).toBe('0.0001')
      expect(JSON.stringify(body.usage)).toContain('"cost":0.0001')
      if (!isOpenrouter) {
        expect(body).toMatchObject({ cost: 0.0001, cost_details: { audio_cost: 0.0001 } })
        const plain = await post(`${mount}/audio/transcriptions`, formOf({ model: WHISPER }))
        expect(JSON.stringify(await plain.json())).not.toContain('cost')
      }
      expect(turnpike.simulator.requests.at(-1)?.body).not.toContain('usage')
    })

    test('a model that counts tokens tells heard and written ones apart', async () => {
      const reply = await clientOn(mount).audio.transcriptions.create({
        model: LISTENER,
        file: await wavFile(30),
        prompt: 'Rome',
      })
      const { usage } = reply
      const record = await lastRecord()
      expect(usage).toMatchObject({
        input_tokens: Number(record?.input_tokens),
        output_tokens: Number(record?.output_tokens),
        total_tokens: Number(record?.input_tokens) + Number(record?.output_tokens),
      })
      expect(JSON.parse(record?.counts ?? '')).toMatchObject({ input_audio: '300', input: '1' })
      await expectSettled(turnpike)
    })

    test('the openai client reads a transcript as it is written, and its last event has the usage', async () => {
      const stream = await clientOn(mount).audio.transcriptions.create({
        model: LISTENER,
        file: await wavFile(20),
        stream: true,
      })
      let text = ''
      let last: OpenAI.Audio.TranscriptionStreamEvent | undefined
      for await (const event of stream) {
        if (event.type === 'transcript.text.delta') text += event.delta
        last = event
      }
      expect(last).toMatchObject({ type: 'transcript.text.done', text, usage: { input_tokens: 200 } })
      expect(await lastRecord()).toMatchObject({ source: 'reported', usage_type: 'audio_stt' })
      await expectSettled(turnpike)
    })

    test('a model that does not stream answers whole, as it does without us', async () => {
      const reply = await post(`${mount}/audio/transcriptions`, formOf({ model: WHISPER, stream: 'true' }))
      expect(reply.headers.get('content-type')).toBe('application/json')
      expect(reply.headers.get('x-turnpike-cost')).toBe('0.0001')
      expect(await reply.json()).toMatchObject({ usage: { seconds: 1 } })
    })

    test('a recording in JSON goes up as the same form, and costs the same', async () => {
      const reply = await turnpike.request(`${mount}/audio/transcriptions`, {
        body: {
          model: WHISPER,
          input_audio: { data: wav(60).toString('base64'), format: 'wav' },
          language: 'en',
          temperature: 0,
          timestamp_granularities: ['segment'],
          response_format: 'verbose_json',
          usage: { include: true },
        },
      })
      expect(reply.headers.get('x-turnpike-cost')).toBe('0.006')
      expect(await reply.json()).toMatchObject({ duration: 60, segments: [{ id: 0 }], usage: { seconds: 60 } })
      const sent = turnpike.simulator.requests.at(-1)?.body ?? ''
      expect(sent).toContain('name="timestamp_granularities[]"\r\n\r\nsegment\r\n')
      expect(sent).toContain('name="language"\r\n\r\nen\r\n')
      expect(sent).toContain('filename="audio.wav"')
      expect(sent).not.toContain('include')
    })

    test.each([
      ['text', 'text/plain', /^The /],
      ['srt', 'text/plain', /-->/],
      ['vtt', 'text/vtt', /^WEBVTT/],
    ])('%s passes on as it came, charged by the length in the header of the file', async (format, type, content) => {
      const reply = await post(
        `${mount}/audio/transcriptions`,
        formOf({ model: WHISPER, response_format: format }, wav(10)),
      )
      expect(reply.headers.get('content-type')).toContain(type)
      expect(reply.headers.get('x-turnpike-cost')).toBe('0.001')
      expect(await reply.text()).toMatch(content)
      expect(await lastRecord()).toMatchObject({ source: 'estimated', charge_nanos: 1_000_000n })
    })

    test('where a provider tells no usage, the long form tells the length itself', async () => {
      const model = 'acme/whisper-no-usage'
      const long = await post(
        `${mount}/audio/transcriptions`,
        formOf({ model, response_format: 'verbose_json' }, wav(6)),
      )
      expect(long.headers.get('x-turnpike-cost')).toBe('0.0006')
      expect(await lastRecord()).toMatchObject({ source: 'reported' })
      const short = await post(`${mount}/audio/transcriptions`, formOf({ model }, wav(6)))
      expect(short.headers.get('x-turnpike-cost')).toBe('0.0006')
      expect(await short.json()).toMatchObject({ usage: { seconds: 6, usage_source: 'estimated' } })
      expect(await lastRecord()).toMatchObject({ source: 'estimated' })
    })

    test('a provider that claims ages of sound is not believed beyond what was reserved', async () => {
      const reply = await post(`${mount}/audio/transcriptions`, formOf({ model: 'acme/whisper-huge-usage' }, wav(10)))
      expect(reply.status).toBe(200)
      const record = await lastRecord()
      expect(record?.charge_nanos).toBe(1_000_000n)
      expect(record?.flags).toContain('capped')
      await expectSettled(turnpike)
    })

    test.each(['html', 'redirect', 'error-in-200', 'server-error', 'unauthorized', 'rate-limited', 'cut-stream'])(
      'a provider that answers with %s is an error in JSON, and nothing is charged or left reserved',
      async (fault) => {
        const speech = await turnpike.request(`${mount}/audio/speech`, {
          body: { model: `acme/reader-${fault}`, input: 'Read this to the end, please.', voice: 'alloy' },
        })
        const heard = await post(`${mount}/audio/transcriptions`, formOf({ model: `acme/whisper-${fault}` }))
        for (const reply of [speech, heard]) {
          expect(reply.status).toBe(fault === 'rate-limited' ? 429 : 502)
          expect(await reply.json()).toHaveProperty('error.message')
          expect(reply.headers.get('x-turnpike-cost')).toBe('0')
        }
        const records = (await expectSettled(turnpike)).slice(-2)
        expect(records.map(({ status, charge_nanos }) => [status, charge_nanos])).toEqual([
          ['error', 0n],
          ['error', 0n],
        ])
      },
    )

    test('speech that breaks off after some of it was heard is paid for by what was asked for', async () => {
      const reply = await turnpike.request(`${mount}/audio/speech`, {
        body: {
          model: 'acme/reader-cut-stream',
          input: 'Read this to the end, please.',
          voice: 'alloy',
          stream_format: 'sse',
        },
      })
      const { json } = eventsOf(await reply.text())
      expect(json.at(-1)).toMatchObject({
        type: 'error',
        error: expect.objectContaining({ message: expect.any(String) }),
      })
      const record = await lastRecord()
      expect(record).toMatchObject({ status: 'error', charge_nanos: BigInt(29 * 15_000) })
      await expectSettled(turnpike)
    })

    test.each([
      [{ model: READER, voice: 'alloy' }, 'input'],
      [{ model: READER, voice: 'alloy', input: '' }, 'input'],
      [{ model: READER, voice: 'alloy', input: 7 }, 'input'],
      [{ model: READER, voice: 'alloy', input: 'a'.repeat(70_000) }, 'input'],
      [{ model: READER, voice: 'nobody', input: 'Hi' }, 'voice'],
      [{ model: READER, voice: 'alloy', input: 'Hi', response_format: 'midi' }, 'response_format'],
      [{ voice: 'alloy', input: 'Hi' }, 'model'],
      [{ model: WHISPER, voice: 'alloy', input: 'Hi' }, '/audio/transcriptions'],
      [{ model: 'openai/text-embedding-3-small', voice: 'alloy', input: 'Hi' }, '/embeddings'],
    ])('speech of %.80j is refused with the field at fault', async (body, word) => {
      const reply = await turnpike.request(`${mount}/audio/speech`, { body })
      expect(reply.status).toBe(400)
      expect(JSON.stringify(await reply.json())).toContain(word)
      await expectSettled(turnpike)
    })

    test.each([
      [SPEAKER, '/audio/speech'],
      [WHISPER, '/audio/transcriptions'],
    ])('a chat with %s is told where that model is called', async (model, path) => {
      const reply = await turnpike.request(`${mount}/chat/completions`, {
        body: { model, messages: [{ role: 'user', content: 'Hi' }] },
      })
      expect(reply.status).toBe(400)
      expect(JSON.stringify(await reply.json())).toContain(path)
    })
  })
}

describe('a hostile form', () => {
  const BOUNDARY = 'limit'
  const asForm = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
  const part = (head: string, value: string | Buffer) =>
    Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ])
  const model = part('name="model"', WHISPER)
  const file = part('name="file"; filename="a.wav"', wav(1))
  const end = Buffer.from(`--${BOUNDARY}--\r\n`)
  const many = (count: number) => Array.from({ length: count }, (_, at) => part(`name="field${at}"`, 'x'))

  test.each<[string, readonly Buffer[], number]>([
    ['without a file', [model, end], 400],
    ['without a model', [file, end], 400],
    ['with two models', [model, model, file, end], 400],
    ['with two files', [model, file, file, end], 400],
    ['with a file of another name', [model, part('name="other"; filename="a.wav"', wav(1)), end], 400],
    ['with the file as a field', [model, part('name="file"', 'words'), end], 400],
    ['with an empty file', [model, part('name="file"; filename="a.wav"', ''), end], 400],
    ['with a name that is none', [model, part('name="__proto__"', 'x'), file, end], 400],
    ['with a name that breaks its line', [model, part('name="a%0d%0ab"', 'x'), file, end], 400],
    ['with a name without end', [model, part(`name="${'n'.repeat(500)}"`, 'x'), file, end], 400],
    ['with too many fields', [model, ...many(100), file, end], 400],
    ['with a field without end', [model, part('name="prompt"', 'x'.repeat(100_000)), file, end], 413],
    ['with a switch that is none', [model, part('name="stream"', 'perhaps'), file, end], 400],
    ['that is cut', [model, file.subarray(0, 500)], 400],
    ['that is no form', [Buffer.from('hello')], 400],
    ['that is empty', [], 400],
    ['that is too large', [model, part('name="file"; filename="a.wav"', Buffer.alloc(4_100_000)), end], 413],
  ])('%s is refused, and nothing is charged', async (_name, parts, status) => {
    const before = (await recordsOf(turnpike)).length
    const reply = await post('/v1/audio/transcriptions', Buffer.concat(parts), asForm)
    expect(reply.status).toBe(status)
    expect(await reply.json()).toHaveProperty('error.code')
    expect((await recordsOf(turnpike)).length).toBe(before)
    await expectSettled(turnpike)
  })

  test.each([
    ['multipart/form-data', 400],
    ['multipart/mixed; boundary=limit', 415],
    ['audio/wav', 415],
    ['text/plain', 415],
  ])('of type %s is answered with %d', async (type, status) => {
    const reply = await post('/v1/audio/transcriptions', Buffer.concat([model, file, end]), { 'content-type': type })
    expect(reply.status).toBe(status)
  })

  test('speech takes no form', async () => {
    const reply = await post('/v1/audio/speech', Buffer.concat([model, file, end]), asForm)
    expect(reply.status).toBe(415)
  })

  test('what a field or a file name says stays inside of it', async () => {
    const inside = '\r\n--turnpike\r\nContent-Disposition: form-data; name="model"\r\n\r\nother\r\n'
    const named = part('name="file"; filename="a\\"; name=\\"model.wav"', wav(1))
    const reply = await post(
      '/v1/audio/transcriptions',
      Buffer.concat([model, part('name="prompt"', inside), named, end]),
      asForm,
    )
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-turnpike-cost')).toBe('0.0001')
    const sent = turnpike.simulator.requests.at(-1)?.body ?? ''
    expect(sent).toContain(inside)
    expect(sent).not.toContain('name="model.wav')
  })

  test('words beside a recording in JSON are bounded, and named as fields are', async () => {
    const input_audio = { data: wav(1).toString('base64'), format: 'wav' }
    const long = { model: WHISPER, input_audio, prompt: 'x'.repeat(300_000) }
    expect((await turnpike.request('/v1/audio/transcriptions', { body: long })).status).toBe(413)
    const odd = `{"model":"whisper-1","input_audio":${JSON.stringify(input_audio)},"__proto__":{"stream":true}}`
    expect((await turnpike.request('/v1/audio/transcriptions', { body: odd })).status).toBe(400)
    const twice = `{"model":"whisper-1","input_audio":${JSON.stringify(input_audio)},"model":"other"}`
    expect((await turnpike.request('/v1/audio/transcriptions', { body: twice })).status).toBe(400)
  })

  test.each([
    [{ data: 'not base64!', format: 'wav' }],
    [{ data: '', format: 'wav' }],
    [{ data: 'UklGRg==', format: '../wav' }],
    [{ format: 'wav' }],
    ['words'],
    [null],
  ])('or %j in JSON is refused', async (input_audio) => {
    const reply = await turnpike.request('/v1/audio/transcriptions', { body: { model: WHISPER, input_audio } })
    expect(reply.status).toBe(400)
    expect(JSON.stringify(await reply.json())).toContain('input_audio')
  })
})

test('a repeated form runs once, and another file under the same key is another call', async () => {
  const headers = { 'idempotency-key': 'form-1' }
  const first = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }), headers)
  expect(first.status).toBe(200)
  const again = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }), headers)
  expect(await again.json()).toMatchObject({ error: { code: 'generation_already_settled' } })
  const other = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }, wav(2)), headers)
  expect(await other.json()).toMatchObject({ error: { code: 'idempotency_key_mismatch' } })
  await expectSettled(turnpike)
})

describe('a client that leaves', () => {
  test('a stream of speech is paid for from its first sound on, and free before it', async () => {
    const before = (await recordsOf(turnpike)).length
    for (const [model, charge] of [
      ['acme/reader-slow', 29n * 15_000n],
      ['acme/reader-slow-first-token', 0n],
    ] as const) {
      const leaving = new AbortController()
      const sent = turnpike.simulator.requests.length
      const calling = turnpike.request('/v1/audio/speech', {
        body: { model, input: 'Read this to the end, please.', voice: 'alloy', stream_format: 'sse' },
        signal: leaving.signal,
      })
      if (charge > 0n) {
        const reader = (await calling).body?.getReader()
        expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
      } else {
        await eventually(() => (turnpike.simulator.requests.length > sent ? true : undefined))
      }
      leaving.abort()
      await calling.catch(() => {})
      const last = await eventually(async () => {
        const records = await recordsOf(turnpike)
        return records.at(-1)?.model === model ? records.at(-1) : undefined
      })
      expect(last).toMatchObject({ status: 'cancelled', charge_nanos: charge })
    }
    expect((await expectSettled(turnpike)).length).toBe(before + 2)
  })

  test('what comes whole is finished and paid for in full', async () => {
    const leaving = new AbortController()
    const model = 'acme/reader-slow-first-token'
    const sent = turnpike.simulator.requests.length
    const calling = turnpike.request('/v1/audio/speech', {
      body: { model, input: 'Hi', voice: 'alloy' },
      signal: leaving.signal,
    })
    await eventually(() => (turnpike.simulator.requests.length > sent ? true : undefined))
    leaving.abort()
    await calling.catch(() => {})
    const charged = await eventually(async () => {
      const last = (await recordsOf(turnpike)).at(-1)
      return last?.status === 'ok' && last.model === model ? last.charge_nanos : undefined
    })
    expect(charged).toBe(30_000n)
    await expectSettled(turnpike)
  })
})

test('what credit does not cover is refused before anything goes up, for the length of the file', async () => {
  const { key } = await createCustomer(turnpike, 'poor', 5_000_000n)
  const sent = turnpike.simulator.requests.length
  const long = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }, wav(51)), {
    authorization: `Bearer ${key}`,
  })
  expect(long.status).toBe(402)
  expect(turnpike.simulator.requests.length).toBe(sent)
  const short = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }, wav(50)), {
    authorization: `Bearer ${key}`,
  })
  expect(short.status).toBe(200)
  expect((await expectSettled(turnpike, 5_000_000n, 'poor')).at(-1)?.charge_nanos).toBe(5_000_000n)
})

test("OpenRouter's own client speaks, and is transcribed in JSON and as a form, with the cost in the usage", async () => {
  const router = new OpenRouter({ serverURL: `${turnpike.url}/api/v1`, apiKey: turnpike.key })
  const sound = await router.tts.createSpeech({
    speechRequest: { model: READER, input: 'Read this.', voice: 'alloy', responseFormat: 'mp3' },
  })
  expect((await new Response(sound).arrayBuffer()).byteLength).toBeGreaterThan(100)
  const inputAudio = { data: wav(60).toString('base64'), format: 'wav' }
  const json = await router.stt.createTranscription({ sttRequest: { model: WHISPER, inputAudio } })
  expect(json).toMatchObject({ text: expect.stringMatching(/^The /), usage: { seconds: 60, cost: 0.006 } })
  const form = await router.stt.createTranscriptionMultipart({
    requestBody: { model: LISTENER, file: { fileName: 'said.wav', content: new Uint8Array(wav(10)) } },
  })
  expect(form.usage).toMatchObject({ inputTokens: 100, cost: expect.any(Number) })
  await expectSettled(turnpike)
})

test('the record of a call says which kind it was', async () => {
  const speech = await turnpike.request('/v1/audio/speech', { body: { model: READER, input: 'Hi', voice: 'alloy' } })
  const heard = await post('/v1/audio/transcriptions', formOf({ model: WHISPER }))
  for (const [reply, type] of [
    [speech, 'tts'],
    [heard, 'stt'],
  ] as const) {
    const found = await turnpike.request(`/api/v1/generation?id=${reply.headers.get('x-generation-id')}`)
    expect(await found.json()).toMatchObject({
      data: { api_type: type, total_cost: Number(reply.headers.get('x-turnpike-cost')) },
    })
  }
})

test('models are listed with their kinds and their prices by the minute', async () => {
  const { models } = (await (await turnpike.request('/v1/models')).json()) as {
    models: { modelId: string; modelType: string; pricing: object }[]
  }
  const of = (id: string) => models.find(({ modelId }) => modelId === id)
  expect(of('whisper-1')).toMatchObject({ modelType: 'audio_stt', pricing: { audio: { perMinute: 0.006 } } })
  expect(of('gpt-4o-mini-tts')).toMatchObject({ modelType: 'audio_tts' })
  expect(of('reader')).toMatchObject({ pricing: { characters: { perMillion: 15 } } })
})

test('the books of all these calls are in order', async () => {
  const { store } = turnpike.server.gateway
  expect(await verifyLedger(store)).toEqual([])
})
