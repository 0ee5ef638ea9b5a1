/**
 * What a usage record keeps of a generation beside its columns, as JSON. Written by the gateway and by recovery, read by
 * the look-up; a call that a crash interrupted lacks most of it.
 */
import { z } from 'zod'

const AttemptRecord = z.object({
  provider: z.string(),
  providerName: z.string(),
  endpoint: z.string(),
  /** The name upstream. */
  model: z.string(),
  /** Of the reply; null where none came. */
  status: z.int().nullable(),
  latencyMs: z.int(),
  error: z.string().nullable(),
})

export const GenerationFacts = z.object({
  requestId: z.string().nullable(),
  requestedModel: z.string(),
  providerName: z.string().nullable(),
  upstreamId: z.string().nullable(),
  streamed: z.boolean(),
  finishReason: z.string().nullable(),
  nativeFinishReason: z.string().nullable(),
  serviceTier: z.string().nullable(),
  generationMs: z.int().nullable(),
  attempts: z.array(AttemptRecord),
  /** The charge as it was told, decimal text with at most 15 decimals. Null: unknown. */
  total: z.string().nullable(),
  cacheDiscount: z.string(),
  images: z.int(),
  audios: z.int(),
  rawUsage: z.unknown().optional(),
  fittedOutputLimit: z.int().optional(),
})

export type GenerationFacts = z.output<typeof GenerationFacts>
export type AttemptRecord = z.output<typeof AttemptRecord>
