/**
 * What a usage record keeps of a generation beside its columns, as JSON. Written by the gateway and by recovery, read by
 * the look-up. What says nothing (null, false, 0) is not written: a record is kept for years.
 */
import { z } from 'zod'

const AttemptRecord = z.object({
  provider: z.string(),
  providerName: z.string(),
  /** The name upstream. */
  model: z.string(),
  /** Of the reply; null where none came. */
  status: z.int().nullable().default(null),
  latencyMs: z.int().default(0),
  /** How it failed, in one word. */
  kind: z.string().nullable().default(null),
  error: z.string().nullable().default(null),
  /** Which credential, where there is a choice of them: by id and label, never the secret. */
  credential: z.object({ id: z.string(), label: z.string() }).nullable().default(null),
  /** The credential was the customer's own. */
  byok: z.boolean().default(false),
})

export const GenerationFacts = z.object({
  requestId: z.string().nullable().default(null),
  requestedModel: z.string(),
  providerName: z.string().nullable().default(null),
  upstreamId: z.string().nullable().default(null),
  streamed: z.boolean().default(false),
  finishReason: z.string().nullable().default(null),
  nativeFinishReason: z.string().nullable().default(null),
  serviceTier: z.string().nullable().default(null),
  generationMs: z.int().nullable().default(null),
  attempts: z.array(AttemptRecord).default([]),
  /** The charge as it was told, decimal text with at most 15 decimals. Null: the record's own, exact or unknown. */
  total: z.string().nullable().default(null),
  cacheDiscount: z.string().default('0'),
  images: z.int().default(0),
  audios: z.int().default(0),
  rawUsage: z.unknown().optional(),
  fittedOutputLimit: z.int().optional(),
})

export type GenerationFacts = z.output<typeof GenerationFacts>
export type AttemptRecord = z.output<typeof AttemptRecord>

export const encodeFacts = (facts: GenerationFacts): string =>
  JSON.stringify(facts, (key, value: unknown) =>
    value === null || value === false || value === 0 || (key === 'cacheDiscount' && value === '0') ? undefined : value,
  )

export const decodeFacts = (text: string): GenerationFacts => GenerationFacts.parse(JSON.parse(text))
