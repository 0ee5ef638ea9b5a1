import { expect, test } from 'vitest'
import { findPreset, providerPresets } from './provider-presets.ts'

test('names, variables and addresses are each used once', () => {
  for (const field of ['key', 'name', 'env', 'baseUrl'] as const) {
    const values = providerPresets.flatMap((preset) => preset[field] ?? [])
    expect(new Set(values).size, field).toBe(values.length)
  }
})

test('a key from the environment only ever goes to a known address over https', () => {
  for (const { key, env, baseUrl } of providerPresets) {
    if (env) expect(baseUrl, key).toMatch(/^https:\/\/[^/]+(\/.*[^/])?$/)
  }
})

test('where the provider bills on after an abort, the stream is drained', () => {
  const drained = providerPresets.filter((preset) => preset.onCancel === 'drain').map((preset) => preset.key)
  expect(drained.toSorted()).toEqual([
    'aws',
    'google',
    'groq',
    'huggingface',
    'minimax',
    'mistral',
    'perplexity',
    'replicate',
  ])
})

test('names that every object inherits are no presets', () => {
  expect(findPreset('constructor')).toBeUndefined()
  expect(findPreset('google')?.type).toBe('gemini')
})
