import { describe } from 'vitest'
import { systemRandom } from '../src/lib/random.ts'
import { createGeminiProvider } from '../src/providers/gemini.ts'
import { providerContract } from './provider.contract.ts'

describe('a provider that speaks Gemini’s wire', () => {
  providerContract({
    open: (options) =>
      createGeminiProvider({
        key: 'a',
        name: 'A',
        onCancel: 'abort',
        connectMs: 5_000,
        random: systemRandom,
        ...options,
      }),
    keyHeader: ['x-goog-api-key', 'KEY'],
    overloadedStatus: 503,
    modelOf: (path) => /\/models\/([^:]+):/.exec(path)?.[1],
    without: [
      { model: 'cache-write', because: 'Google writes its caches unasked and counts no writes' },
      {
        model: 'content-policy',
        because: 'a refused prompt is an answer without candidates, which test/gemini.test.ts tries',
      },
    ],
  })
})
