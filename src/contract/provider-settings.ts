/** How a provider is configured, and what comes of its entry and its preset together. */
import type { z } from 'zod'
import { type LimitMember, type OnCancel, type ProviderType, providerPresets } from './provider-presets.ts'
import { choice, credential, flag, group, httpUrl, list, pattern, text, whole } from './setting-forms.ts'

/** One entry under `providers`. */
export const ProviderFile = group({
  type: choice(['openai', 'anthropic', 'gemini', 'simulator']).optional().meta({
    description: 'The wire it speaks. Default: that of its preset, else openai.',
  }),
  preset: choice(providerPresets.map((preset) => preset.key))
    .optional()
    .meta({
      description: 'How usage is read and which quirks hold. Default: the name of the provider, if it is known.',
    }),
  name: text(100).optional().meta({ description: '`provider_name` in replies. Default: the key of this entry.' }),
  baseUrl: httpUrl.optional().meta({
    description: 'openai: up to and with /v1; anthropic and gemini: the host. Default: that of the preset.',
  }),
  apiKey: credential.optional().meta({ description: 'Secret; better as a reference to a variable than in the file.' }),
  apiKeys: list(
    group({
      apiKey: credential.meta({ description: 'Secret.' }),
      name: pattern(/^[A-Za-z0-9._-]{1,64}$/, 'a name of letters, digits, ".", "_" and "-"')
        .optional()
        .meta({ description: 'What attempts call it. Default: its place in the list.' }),
      weight: whole(1, 1000).default(1).meta({ description: 'Its share of the calls, beside those of the others.' }),
    }),
    1,
    50,
  )
    .optional()
    .meta({ description: 'Several keys, in place of `apiKey`: calls are shared out among them.' }),
  onCancel: choice(['abort', 'drain']).optional().meta({
    description: 'Upstream when the client leaves a stream. Default: that of the preset, else abort.',
  }),
  apiVersion: pattern(/^[A-Za-z0-9.-]{1,64}$/, 'a version, e.g. 2024-10-21')
    .optional()
    .meta({ description: 'azure: calls go to `/deployments/MODEL` with this `api-version`. Default: the v1 API.' }),
  circuit: flag().optional().meta({
    description:
      'Whether its endpoints are left alone for a while after failures. Default: true, false for the simulator.',
  }),
  dataCollection: choice(['allow', 'deny']).optional().meta({
    description: 'deny: it keeps no prompts to learn from. Without a word, calls that insist on `deny` go elsewhere.',
  }),
  zdr: flag().optional().meta({ description: 'It keeps nothing at all (zero data retention).' }),
  privacyPolicyUrl: httpUrl.optional().meta({ description: 'Shown in the list of providers.' }),
}).refine(({ apiKey, apiKeys }) => apiKey === undefined || apiKeys === undefined, 'either apiKey or apiKeys')

export type ProviderFile = z.output<typeof ProviderFile>

export type ProviderSettings = {
  readonly key: string
  readonly name: string
  readonly type: ProviderType
  /** Without a slash at its end; empty for `type: simulator`, whose address is known once it listens. */
  readonly baseUrl: string
  readonly apiKey?: string
  /** Several in its place. */
  readonly apiKeys?: NonNullable<ProviderFile['apiKeys']>
  /** The family of usage bodies, as in a preset. */
  readonly reading: string
  readonly onCancel: OnCancel
  /** The header that holds the key; absent: `Authorization`. */
  readonly keyHeader?: string
  readonly limitMember?: LimitMember
  readonly apiVersion?: string
  readonly circuit?: boolean
  readonly dataCollection?: 'allow' | 'deny'
  readonly zdr?: boolean
  readonly privacyPolicyUrl?: string
  readonly origin: 'environment' | 'file'
}
