import { describe } from 'vitest'
import { createOpenaiProvider } from '../src/providers/openai.ts'
import { providerContract } from './provider.contract.ts'

describe('a provider that speaks OpenAI’s wire', () => {
  providerContract({
    open: (options) =>
      createOpenaiProvider({ key: 'a', name: 'A', reading: 'openai', onCancel: 'abort', connectMs: 5_000, ...options }),
    keyHeader: ['authorization', 'Bearer KEY'],
    overloadedStatus: 503,
  })
})
