/** What a model of Anthropic can do, by the version in its name; other names, on servers that speak this wire, are `undefined`. */
export type AnthropicModel = {
  /** Thinks as much as it sees fit, by an effort instead of a budget. */
  readonly adaptive: boolean
  /** Knows the efforts above `high`. */
  readonly highEfforts: boolean
  /** May think unless it is told not to. */
  readonly thinksByDefault: boolean
  /** Takes `temperature`, `top_p` and `top_k`. */
  readonly samples: boolean
  /** Answers by a JSON schema without the help of a tool. */
  readonly structured: boolean
}

const PLAIN: AnthropicModel = {
  adaptive: false,
  highEfforts: false,
  thinksByDefault: false,
  samples: true,
  structured: false,
}

/** `claude-sonnet-4-5-20250929`, `claude-opus-4.7`, `claude-3-7-sonnet-latest`; a date is no minor version. */
const FAMILY_FIRST = /claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?/

export function anthropicModel(name: string): AnthropicModel {
  const [, family = '', major = '', minor = '0'] = FAMILY_FIRST.exec(name.toLowerCase()) ?? []
  if (major === '') return PLAIN
  const version = Number(major) * 100 + Number(minor)
  return {
    adaptive: version >= 406,
    highEfforts: version >= 407,
    thinksByDefault: version >= 500,
    samples: version < 407,
    structured: version >= 405 || (family === 'opus' && version >= 401),
  }
}
