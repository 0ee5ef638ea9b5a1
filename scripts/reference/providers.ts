/** The page of providers that Turnpike knows by name. */
import { providerPresets } from '../../src/contract/provider-presets.ts'
import { code, opening, table } from './markdown.ts'

/** The wires that this version speaks. */
const SPOKEN: ReadonlySet<string> = new Set(['openai', 'anthropic', 'gemini', 'simulator'])

export const providersReference = (): string =>
  [
    opening(
      '`src/contract/provider-presets.ts`',
      'Providers',
      'The presets: which variable configures a provider without a file, where it is, how its usage is read, and what happens upstream when a client leaves a stream. ' +
        'How to use them is in [configure providers](../guides/configure-providers.md).',
    ),
    table(
      ['preset', 'name', 'variable', 'address', 'usage read as', 'client leaves'],
      providerPresets
        .filter(({ type }) => SPOKEN.has(type))
        .map(({ key, name, env, baseUrl, reading, onCancel }) => [
          code(key),
          name,
          env ? code(env) : '',
          baseUrl ? code(baseUrl) : 'set `baseUrl`',
          reading,
          onCancel,
        ]),
    ),
    'Known, but their own wire is not spoken yet, so that their models are left out: ' +
      `${providerPresets
        .filter(({ type }) => !SPOKEN.has(type))
        .map(({ name, env }) => `${name} (${code(env ?? '')})`)
        .join(', ')}.\n`,
  ].join('\n')
