/**
 * Providers that Turnpike knows by name: where they are, which variable holds their key, how their usage is read and
 * what to do when a client leaves. A further provider is one more row. `preset:` in the settings names a row's key.
 */

/** The wire family that a provider speaks. */
export type ProviderType = 'openai' | 'anthropic' | 'gemini' | 'simulator'

/**
 * `abort` ends the upstream request at once, for providers that stop billing then; `drain` reads on within a limit,
 * for those that bill the whole answer anyway.
 */
export type OnCancel = 'abort' | 'drain'

export type ProviderPreset = {
  readonly key: string
  /** `provider_name` in replies. */
  readonly name: string
  readonly type: ProviderType
  /** `openai`: up to and with the version; `anthropic`, `gemini`: the host. Absent where every customer has an own one. */
  readonly baseUrl?: string
  /** The variable whose presence configures this provider without a file. */
  readonly env?: string
  /** The family of usage bodies: which count includes which. */
  readonly reading: string
  readonly onCancel: OnCancel
  /** The header that holds the key; absent: that of the wire. */
  readonly keyHeader?: string
  /** What it calls the limit of an answer; absent: `max_tokens`, which servers of OpenAI's wire have in common. */
  readonly limitMember?: LimitMember
}

/** OpenAI's newer models refuse the first, most others do not know the second. */
export type LimitMember = 'max_tokens' | 'max_completion_tokens'

/** In the order in which the welcome text names them. Presets without `env` are configured in the file alone. */
export const providerPresets: readonly ProviderPreset[] = [
  {
    ...hosted('openai', 'OpenAI', 'https://api.openai.com/v1', 'OPENAI_API_KEY', 'openai', 'abort'),
    limitMember: 'max_completion_tokens',
  },
  {
    ...hosted('anthropic', 'Anthropic', 'https://api.anthropic.com', 'ANTHROPIC_API_KEY', 'anthropic', 'abort'),
    type: 'anthropic',
  },
  {
    ...hosted('google', 'Google', 'https://generativelanguage.googleapis.com', 'GEMINI_API_KEY', 'google', 'drain'),
    type: 'gemini',
  },
  hosted('x-ai', 'xAI', 'https://api.x.ai/v1', 'XAI_API_KEY', 'x-ai', 'abort'),
  hosted('deepseek', 'DeepSeek', 'https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', 'deepseek', 'abort'),
  hosted('mistral', 'Mistral', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY', 'mistral', 'drain'),
  hosted('groq', 'Groq', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY', 'groq', 'drain'),
  hosted('openrouter', 'OpenRouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', 'openrouter', 'abort'),
  hosted('together', 'Together', 'https://api.together.xyz/v1', 'TOGETHER_API_KEY', 'openai', 'abort'),
  hosted('fireworks', 'Fireworks', 'https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY', 'openai', 'abort'),
  hosted('perplexity', 'Perplexity', 'https://api.perplexity.ai', 'PERPLEXITY_API_KEY', 'perplexity', 'drain'),
  hosted('deepinfra', 'DeepInfra', 'https://api.deepinfra.com/v1/openai', 'DEEPINFRA_API_KEY', 'openai', 'abort'),
  hosted('novita', 'Novita', 'https://api.novita.ai/openai/v1', 'NOVITA_API_KEY', 'openai', 'abort'),
  hosted('cerebras', 'Cerebras', 'https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY', 'openai', 'abort'),
  // The compatible endpoint answers in OpenAI's shape; `billed_units` exist on Cohere's own wire only.
  hosted('cohere', 'Cohere', 'https://api.cohere.ai/compatibility/v1', 'COHERE_API_KEY', 'openai', 'abort'),
  hosted('moonshotai', 'Moonshot AI', 'https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY', 'moonshot', 'abort'),
  hosted(
    'alibaba',
    'Alibaba',
    'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    'DASHSCOPE_API_KEY',
    'alibaba',
    'abort',
  ),
  hosted('minimax', 'MiniMax', 'https://api.minimax.io/v1', 'MINIMAX_API_KEY', 'openai', 'drain'),
  hosted('z-ai', 'Z.ai', 'https://api.z.ai/api/paas/v4', 'ZAI_API_KEY', 'openai', 'abort'),
  hosted('baseten', 'Baseten', 'https://inference.baseten.co/v1', 'BASETEN_API_KEY', 'openai', 'abort'),
  // HF_TOKEN lies about on many machines for downloads alone, so it configures nothing by itself.
  named('huggingface', 'Hugging Face', 'openai', 'drain', 'https://router.huggingface.co/v1'),
  named('ollama', 'Ollama', 'openai', 'abort', 'http://127.0.0.1:11434/v1'),
  named('vllm', 'vLLM', 'vllm', 'abort', 'http://127.0.0.1:8000/v1'),
  named('lmstudio', 'LM Studio', 'openai', 'abort', 'http://127.0.0.1:1234/v1'),
  // https://RESOURCE.openai.azure.com/openai/v1, or with an apiVersion https://RESOURCE.openai.azure.com/openai. Models
  // go by the names of their deployments.
  { ...named('azure', 'Azure', 'openai', 'abort'), keyHeader: 'api-key', limitMember: 'max_completion_tokens' },
  // Bedrock's endpoints in OpenAI's form take a bearer key of Bedrock; its own wire, with signed requests, is not spoken.
  named('aws', 'Amazon Bedrock', 'openai', 'drain'),
  named('cloudflare', 'Cloudflare', 'openai', 'abort'),
  named('replicate', 'Replicate', 'openai', 'drain'),
]

export const findPreset = (key: string): ProviderPreset | undefined =>
  providerPresets.find((preset) => preset.key === key)

function hosted(
  key: string,
  name: string,
  baseUrl: string,
  env: string,
  reading: string,
  onCancel: OnCancel,
): ProviderPreset {
  return { key, name, type: 'openai', baseUrl, env, reading, onCancel }
}

function named(key: string, name: string, reading: string, onCancel: OnCancel, baseUrl?: string): ProviderPreset {
  return { key, name, type: 'openai', reading, onCancel, ...(baseUrl === undefined ? {} : { baseUrl }) }
}
