/** The page of providers that Turnpike knows by name. */
import { type ProviderType, providerPresets } from '../../src/contract/provider-presets.ts'
import { code, opening, table } from './markdown.ts'

const KEY_HEADERS: Readonly<Record<ProviderType, string>> = {
  openai: 'Authorization',
  anthropic: 'x-api-key',
  gemini: 'x-goog-api-key',
  simulator: 'Authorization',
}
const LIMITS: Readonly<Record<ProviderType, string>> = {
  openai: 'max_tokens',
  anthropic: 'max_tokens',
  gemini: 'maxOutputTokens',
  simulator: 'max_tokens',
}

export const providersReference = (): string =>
  [
    opening(
      '`src/contract/provider-presets.ts`',
      'Providers',
      'The presets: which variable configures a provider without a file, where it is, how its usage is read, how it wants its key and the limit of an answer, and what happens upstream when a client leaves a stream. ' +
        'How to use them is in [configure providers](../guides/configure-providers.md).',
    ),
    table(
      ['preset', 'name', 'variable', 'address', 'usage read as', 'key', 'limit', 'client leaves'],
      providerPresets.map(({ key, name, env, baseUrl, type, reading, keyHeader, limitMember, onCancel }) => [
        code(key),
        name,
        env ? code(env) : '',
        baseUrl ? code(baseUrl) : 'set `baseUrl`',
        reading,
        code(keyHeader ?? KEY_HEADERS[type]),
        code(limitMember ?? LIMITS[type]),
        onCancel,
      ]),
    ),
  ].join('\n')
