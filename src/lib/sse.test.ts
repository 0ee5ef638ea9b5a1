import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEventSplitter, EventTooLarge, eventText, type SseEvent } from './sse.ts'

const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}
const MAX = 1 << 20

/** Events, and whether the splitter gave up, for the bytes cut into these pieces. */
function read(pieces: readonly Uint8Array[], maxEventBytes = MAX): { events: SseEvent[]; tooLarge: boolean } {
  const splitter = createEventSplitter({ maxEventBytes })
  const events: SseEvent[] = []
  try {
    for (const piece of pieces) {
      // The splitter must not depend on a chunk after the call.
      const chunk = Uint8Array.from(piece)
      events.push(...splitter.push(chunk))
      chunk.fill(0)
    }
    events.push(...splitter.end())
    return { events, tooLarge: false }
  } catch (error) {
    expect(error).toBeInstanceOf(EventTooLarge)
    return { events, tooLarge: true }
  }
}

const readText = (text: string) => read([Buffer.from(text)]).events

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

const fragment = fc.constantFrom(
  'data: ',
  'data:',
  'data',
  'event: ',
  'id: 1',
  ': note',
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  '{"a":"é😀"}',
  '\ufeff',
  ' ',
  'x',
)
const stream = fc.array(fragment, { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')))
const places = fc.array(fc.nat(), { maxLength: 12 })

describe('createEventSplitter', () => {
  test('any split of the same bytes gives the same events', () => {
    fc.assert(
      fc.property(stream, places, (bytes, at) => {
        const whole = read([bytes])
        expect(read(cut(bytes, at))).toEqual(whole)
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
      }),
      { numRuns: 1000, ...seed },
    )
  })

  test('any split of the same bytes meets the limit behind the same events', () => {
    fc.assert(
      fc.property(stream, places, fc.integer({ min: 1, max: 40 }), (bytes, at, max) => {
        expect(read(cut(bytes, at), max)).toEqual(read([bytes], max))
      }),
      { numRuns: 1000, ...seed },
    )
  })

  test('events come out as they went in', () => {
    const event = fc.record(
      { data: fc.string({ unit: 'grapheme' }), event: fc.stringMatching(/^[a-z_.]+$/) },
      { requiredKeys: ['data'] },
    )
    fc.assert(
      fc.property(fc.array(event), places, (events, at) => {
        const bytes = Buffer.from(events.map(({ data, event: name }) => eventText(data, name)).join(''))
        const expected = events.map((each) => ({ ...each, data: each.data.replace(/\r\n?/g, '\n') }))
        expect(read(cut(bytes, at)).events).toEqual(expected)
      }),
      { numRuns: 300, ...seed },
    )
  })

  test('an event is there as soon as its blank line is, whichever line break is used', () => {
    for (const br of ['\n', '\r', '\r\n']) {
      const splitter = createEventSplitter({ maxEventBytes: MAX })
      expect(splitter.push(Buffer.from(`data: a${br}`))).toEqual([])
      expect(splitter.push(Buffer.from(br))).toEqual([{ data: 'a' }])
      expect(splitter.push(Buffer.from(`data: b${br}${br}`))).toEqual([{ data: 'b' }])
      expect(splitter.end()).toEqual([])
    }
  })

  test.each<[string, string, SseEvent[]]>([
    ['comments are dropped', ': OPENROUTER PROCESSING\n\ndata: a\n: note\ndata: b\n\n', [{ data: 'a\nb' }]],
    ['lines of data are joined', 'data: a\ndata:\ndata\ndata:  b\n\n', [{ data: 'a\n\n\n b' }]],
    ['an event without data is none', 'event: ping\n\nid: 3\n\nretry: 10\n\n', []],
    ['empty data is data', 'data:\n\ndata: \n\n', [{ data: '' }, { data: '' }]],
    ['one space behind the colon is not data', 'data:a\n\ndata:  a\n\n', [{ data: 'a' }, { data: ' a' }]],
    [
      'the last name counts, for one event alone',
      'event: a\nevent: b\ndata: 1\n\ndata: 2\n\n',
      [{ event: 'b', data: '1' }, { data: '2' }],
    ],
    ['a byte order mark at the start is dropped', '\ufeffdata: a\n\n', [{ data: 'a' }]],
    ['a byte order mark elsewhere is not', 'data: \ufeffa\n\n\ufeffdata: b\n\n', [{ data: '\ufeffa' }]],
    ['blank lines make no events', '\n\r\n\r\rdata: a\n\n\n\n', [{ data: 'a' }]],
    ['other fields are dropped', 'Data: x\ndatax: y\n data: z\ndata: a\n\n', [{ data: 'a' }]],
    ['mixed line breaks', 'data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r\n', [{ data: 'a\nb\nc' }, { data: 'd' }]],
  ])('%s', (_, text, expected) => {
    expect(readText(text)).toEqual(expected)
  })

  test('what is left without a blank line comes at the end, once', () => {
    const splitter = createEventSplitter({ maxEventBytes: MAX })
    expect(splitter.push(Buffer.from('data: a\n\ndata: [DO'))).toEqual([{ data: 'a' }])
    expect(splitter.push(Buffer.from('NE]'))).toEqual([])
    expect(splitter.end()).toEqual([{ data: '[DONE]' }])
    expect(splitter.end()).toEqual([])
  })

  test('an event of exactly the limit passes, one byte more does not', () => {
    const text = 'data: 12345\n'
    expect(read([Buffer.from(`${text}\n`)], text.length)).toEqual({ events: [{ data: '12345' }], tooLarge: false })
    expect(read([Buffer.from(`${text}\n`)], text.length - 1)).toEqual({ events: [], tooLarge: true })
  })

  test('a line that never ends is refused at the limit, a comment too', () => {
    for (const text of ['data: ', ': ']) {
      const splitter = createEventSplitter({ maxEventBytes: 1000 })
      splitter.push(Buffer.from(text))
      expect(() => splitter.push(Buffer.alloc(1000, 'x'))).toThrow(EventTooLarge)
      expect(() => splitter.push(Buffer.from('\n\n'))).toThrow(EventTooLarge)
    }
  })

  test('events that are complete before one too large are handed over first', () => {
    const splitter = createEventSplitter({ maxEventBytes: 20 })
    expect(splitter.push(Buffer.from(`data: a\n\ndata: ${'x'.repeat(50)}\n\ndata: b\n\n`))).toEqual([{ data: 'a' }])
    expect(() => splitter.end()).toThrow(EventTooLarge)
  })
})

describe('eventText', () => {
  test('is one block with its blank line, and data cannot break out of it', () => {
    expect(eventText('{"a":1}')).toBe('data: {"a":1}\n\n')
    expect(eventText('{}', 'message_stop')).toBe('event: message_stop\ndata: {}\n\n')
    expect(eventText('a\n\nevent: x\r\nb')).toBe('data: a\ndata: \ndata: event: x\ndata: b\n\n')
  })
})
