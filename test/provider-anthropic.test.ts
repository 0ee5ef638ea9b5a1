import { describe } from 'vitest'
import { createAnthropicProvider } from '../src/providers/anthropic.ts'
import { providerContract } from './provider.contract.ts'

describe('a provider that speaks Anthropic’s wire', () => {
  providerContract({
    open: (options) =>
      createAnthropicProvider({ key: 'a', name: 'A', onCancel: 'abort', connectMs: 5_000, ...options }),
    keyHeader: ['x-api-key', 'KEY'],
    overloadedStatus: 529,
  })
})
