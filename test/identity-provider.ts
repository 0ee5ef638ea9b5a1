/** A real identity provider on a loopback name of its own, which does as a test tells it. It asks for no password. */
import { createSign, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

type Claims = Readonly<Record<string, unknown>>

export type Person = { readonly sub: string; readonly email?: string; readonly name?: string } & Claims

export type IdentityProvider = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who is at the keyboard there. */
  person: Person
  /** What the person does: signs in at once, refuses, or is shown a page with a button first. */
  does: 'agree' | 'refuse' | 'look'
  /** Answers for itself in place of the provider; true: it did. */
  fault: ((path: string, response: ServerResponse) => boolean) | undefined
  /** Changes the claims of an ID token, which is signed again; null takes the token away. */
  tamper: ((claims: Claims) => Claims | null) | undefined
  /** Paths that were asked for. */
  readonly asked: string[]
  /** From here on it answers, for a client at these addresses. */
  serve(...redirectUris: string[]): void
  close(): Promise<void>
}

const CLIENT = { clientId: 'turnpike', clientSecret: 'the-secret:100%&more+ofturnpike' } as const

/** The settings that lead to it. `more`: further lines of `signIn.oidc`, as YAML of one line each. */
export const oidcYaml = ({ issuer, clientId, clientSecret }: Client, more: readonly string[] = []): string =>
  [
    ...['signIn:', '  oidc:', `    issuer: ${issuer}`, `    clientId: ${clientId}`, '    name: Example'],
    ...[`    clientSecret: ${JSON.stringify(clientSecret)}`, ...more.map((line) => `    ${line}`), ''],
  ].join('\n')

type Client = Pick<IdentityProvider, 'issuer' | 'clientId' | 'clientSecret'>

/** `inToken`: whether the ID token itself says the address; else the provider is asked for it. */
export async function startIdentityProvider({ inToken = false } = {}): Promise<IdentityProvider> {
  const server = createServer()
  // Another site than 127.0.0.1, so that a browser treats it as one.
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const idp: IdentityProvider = {
    ...{ issuer, ...CLIENT, person: { sub: 'nobody' }, does: 'agree', fault: undefined, tamper: undefined, asked: [] },
    serve(...redirectUris) {
      answer = answering(redirectUris)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  let answer: RequestListener = (_request, response) => void response.writeHead(404).end()
  let provider: Provider
  const people = new Map<string, Person>()
  const answering = (redirectUris: readonly string[]): RequestListener => {
    provider = new Provider(issuer, {
      clients: [{ client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, redirect_uris: redirectUris }],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: !inToken,
      pkce: { required: () => true },
      ttl: Object.fromEntries(['Interaction', 'Grant', 'Session', 'AccessToken', 'IdToken'].map((kind) => [kind, 600])),
      cookies: { keys: ['cookies of a test'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: () => '/interaction' },
      findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => people.get(accountId) }),
      async loadExistingGrant({ oidc }: { oidc: { session: { accountId: string } } }) {
        const grant = new provider.Grant({ clientId: CLIENT.clientId, accountId: oidc.session.accountId })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    })
    provider.use(async (context, next) => {
      await next()
      if (context.oidc?.route !== 'token' || !idp.tamper || !context.body?.id_token) return
      const claims = idp.tamper(claimsOf(context.body.id_token))
      const { id_token: _gone, ...rest } = context.body
      context.body = claims === null ? rest : { ...rest, id_token: signed(claims) }
    })
    return provider.callback()
  }
  const signed = (claims: Claims): string => {
    const text = [{ alg: 'RS256', kid: 'one' }, claims].map((part) => encoded(JSON.stringify(part))).join('.')
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`
  }
  const finish = (request: IncomingMessage, response: ServerResponse) => {
    people.set(idp.person.sub, idp.person)
    const result =
      idp.does === 'refuse'
        ? { error: 'access_denied', error_description: '<b>not</b> today' }
        : { login: { accountId: idp.person.sub, remember: false } }
    return provider.interactionFinished(request, response, result)
  }
  server.on('request', (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    idp.asked.push(path)
    if (idp.fault?.(path, response)) return
    if (path !== '/interaction') return answer(request, response)
    if (idp.does !== 'look' || request.method === 'POST') return void finish(request, response)
    response.setHeader('content-type', 'text/html').end(PAGE)
  })
  return idp
}

const PAGE =
  '<!doctype html><html lang="en"><title>Provider</title><form method="post"><button>It is me</button></form></html>'

const encoded = (text: string): string => Buffer.from(text).toString('base64url')
const claimsOf = (token: string): Claims => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
