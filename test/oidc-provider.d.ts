/** What the tests use of it; its own types would bring a web framework's along. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  type Context = {
    // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of an answer
    body: any
    status: number
    readonly oidc?: { readonly route: string; readonly session: { readonly accountId: string } }
  }
  type Grant = { addOIDCScope(scopes: string): void; save(): Promise<string> }

  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    readonly Grant: new (of: {
      clientId: string
      accountId: string
    }) => Grant
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void
    callback(): RequestListener
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
    ): Promise<void>
  }
}
