/** What the API is put together from. What it needs of the gateway is described here as far as it is used. */

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { CredentialCheck } from '../contract/credentials.ts'
import type { Input, OperationName, OperationNamed } from '../contract/operations.ts'
import type { Settings } from '../contract/settings.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import type { CompiledTerms } from '../core/price.ts'
import type { RateCard } from '../core/rate-card.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import type { AuditEntry } from '../store/audit-log.ts'
import type { StoredCredential } from '../store/credentials.ts'
import type { RateCards } from '../store/rate-cards.ts'
import type { Query, Store } from '../store/store.ts'

export type ApiParts = {
  readonly store: Store
  readonly settings: Pick<Settings, 'billing' | 'reservations'>
  readonly routes: ApiRoutes
  readonly credentials: ApiCredentials
  /** What is charged on top of a provider's cost. */
  readonly terms: CompiledTerms
  readonly rateCards: Pick<RateCards, 'keep'>
  readonly random: Random
  readonly log: Log
  /** The caller behind a request's secret. Throws `Refused('invalid_api_key')`. */
  authenticate(headers: IncomingHttpHeaders): Promise<Caller>
  /** Whether the caller is who runs this server. */
  isOperator(caller: Caller): boolean
  /** A change to a key holds from here on. */
  forgetKey(hash: string): void
  /** 32 hex digits, the same for every question about one request. */
  requestId(request: FastifyRequest): string
}

export type Caller = {
  readonly kind: 'api_key' | 'management_key'
  readonly organisationId: bigint
  /** Its name, which is its id outside. */
  readonly organisation: string
  readonly principal: string
  readonly role: 'caller' | 'admin' | 'reader'
  readonly keyId: bigint | null
  readonly keyHash: string
  readonly label: string
  readonly accountId: bigint | null
}

/** Customers' credentials: sealed on their way in, read by nobody but the call that carries them. */
type ApiCredentials = {
  /** Those that a credential may be for, by key. */
  readonly providers: ReadonlyMap<string, ApiProvider>
  /** Names the key that seals. */
  readonly sealedBy: string
  seal(owner: { organisationId: bigint; code: string }, secret: string): string
  /** Throws `SealBroken`. */
  open(stored: StoredCredential): string
  /** The same secret has the same one, which nobody can guess back. */
  fingerprint(secret: string): string
  /** A change to one of the organisation's holds from here on. */
  forget(organisationId: bigint): void
  /** Asks the provider, within some seconds. */
  check(provider: string, secret: string): Promise<CredentialCheck>
}

type ApiRoutes = {
  find(name: string): ApiRoute | undefined
  list(): readonly ApiRoute[]
  readonly providers: ReadonlyMap<string, ApiProvider>
}

type ApiProvider = { readonly key: string; readonly name: string }

export type ApiRoute = { readonly model: ApiModel; readonly endpoints: readonly ApiEndpoint[] }

export type ApiModel = {
  readonly id: string
  readonly bareName: string
  readonly displayName: string
  readonly author: string
  readonly created: number
  readonly contextLength: number
  readonly maxOutputTokens: number
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly kind: string
}

export type ApiEndpoint = {
  readonly id: string
  readonly provider: ApiProvider
  readonly upstreamModel: string
  readonly cards: readonly RateCard[]
}

export type Call<N extends OperationName> = {
  readonly caller: Caller
  readonly params: Input<OperationNamed<N>, 'params'>
  readonly query: Input<OperationNamed<N>, 'query'>
  readonly body: Input<OperationNamed<N>, 'body'>
  /** The store's clock when the request came. */
  readonly at: number
  /** Asks for rows as text/csv, where the operation has them. */
  readonly csv: boolean
  /** The row that tells who changed what, to be written together with the change. */
  audit(change: AuditedChange): Query<unknown>
  /** Under which name this content is done once; undefined: the client named none. */
  idempotency(content: unknown): Idempotency | undefined
}

export type AuditedChange = Pick<AuditEntry, 'action' | 'target' | 'before' | 'after'>

type Answer<N extends OperationName> = Whole<N> | { readonly csv: AsyncIterable<string> }

export type Whole<N extends OperationName> = {
  readonly body: z.input<OperationNamed<N>['result']>
  /** In place of the operation's own. */
  readonly status?: number
  /** The effect was there before; this is its stored answer. */
  readonly replayed?: boolean
}

type Handler<N extends OperationName> = (parts: ApiParts, call: Call<N>) => Promise<Answer<N>>
export type Handlers<N extends OperationName = OperationName> = { readonly [K in N]: Handler<K> }
