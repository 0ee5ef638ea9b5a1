/** The kind of usage that a record of a call is filed under. */
import type { UpstreamApi } from '../contract/upstream-api.ts'
import type { UsageType } from '../core/usage-rows.ts'

const TYPES: Readonly<Record<UpstreamApi, UsageType>> = {
  chat: 'text',
  completions: 'text',
  embeddings: 'embedding',
  'audio/speech': 'audio_tts',
  'audio/transcriptions': 'audio_stt',
}

export const usageTypeOf = (api: UpstreamApi): UsageType => TYPES[api]
