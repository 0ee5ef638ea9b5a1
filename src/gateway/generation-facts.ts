/** What a usage record keeps of a generation beside its columns, as JSON. */
import type { AttemptRecord } from './forward.ts'

export type GenerationFacts = {
  readonly requestedModel: string
  readonly providerName: string | null
  readonly upstreamId: string | null
  readonly streamed: boolean
  readonly finishReason: string | null
  readonly nativeFinishReason: string | null
  readonly serviceTier: string | null
  readonly generationMs: number | null
  readonly attempts: readonly AttemptRecord[]
  /** The charge as it was told: at most 15 decimals. Null: unknown. */
  readonly total: string | null
  readonly cacheDiscount: string
  readonly images: number
  readonly audios: number
  readonly rawUsage?: unknown
  readonly fittedOutputLimit?: number
}
