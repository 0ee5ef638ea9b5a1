/** What is asked of a provider, by the last part of its path on OpenAI's wire. */
export type UpstreamApi = 'chat' | 'completions' | 'embeddings' | SoundApi
/** Those whose audio is in the request or in the reply. */
type SoundApi = 'audio/speech' | 'audio/transcriptions'
