import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../contract/errors.ts'
import { readForm } from './read-form.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

const headers = { 'content-type': 'multipart/form-data; boundary=xyz' }
const FORM = Buffer.from(
  [
    '--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n',
    '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n',
    'RIFF\r\n--xy\r\n\r\n--xyz--\r\n',
  ].join(''),
)

const endOf = async (body: Buffer): Promise<'read' | 'refused'> => {
  try {
    await readForm(body, headers, 'file')
    return 'read'
  } catch (error) {
    expect(error).toBeInstanceOf(Refused)
    return 'refused'
  }
}

test('a form is its fields and its file, byte by byte', async () => {
  const { fields, file } = await readForm(FORM, headers, 'file')
  expect(fields).toEqual([['model', 'whisper-1']])
  expect(file).toMatchObject({ name: 'a.wav', type: 'audio/wav' })
  expect(file?.bytes.toString()).toBe('RIFF\r\n--xy\r\n')
})

test('wherever a form is cut, it is refused', async () => {
  const last = FORM.lastIndexOf('--')
  for (let length = 0; length < last; length++)
    expect(await endOf(FORM.subarray(0, length)), `${length}`).toBe('refused')
})

test('whatever bytes are changed, the form is read or refused, never waited for', async () => {
  const change = fc.tuple(fc.nat(FORM.length - 1), fc.nat(255))
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const body = Buffer.from(FORM)
      for (const [at, value] of changes) body[at] = value
      expect(['read', 'refused']).toContain(await endOf(body))
    }),
    { numRuns: 500, ...seed },
  )
})

test.each(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="', ''])(
  'a content type of %j has no boundary',
  async (type) => {
    await expect(async () => readForm(FORM, { 'content-type': type }, 'file')).rejects.toThrow(Refused)
  },
)
