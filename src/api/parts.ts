/** What the API is put together from. What it needs of the gateway is described here as far as it is used. */

import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { CredentialCheck } from '../contract/credentials.ts'
import type { Input, OperationName, OperationNamed } from '../contract/operations.ts'
import type { Settings } from '../contract/settings.ts'
import type { EffectiveSetting } from '../contract/system.ts'
import type { Caller } from '../core/caller.ts'
import type { CircuitState } from '../core/circuit.ts'
import type { FailureKind, Figures } from '../core/endpoint-health.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import type { AuditRow } from '../core/ledger-rows.ts'
import type { CompiledTerms } from '../core/price.ts'
import type { RateCard } from '../core/rate-card.ts'
import type { AddressGuard } from '../delivery/address-guard.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import type { Sealer } from '../lib/sealer.ts'
import type { AuditEntry, Provided } from '../store/audit-log.ts'
import type { BudgetDirectory } from '../store/budget-directory.ts'
import type { StoredCredential } from '../store/credentials.ts'
import type { RateCards } from '../store/rate-cards.ts'
import type { HashDetails } from '../store/report-values.ts'
import type { Settlements } from '../store/settlements.ts'
import type { Query, Store } from '../store/store.ts'
import type { Rows } from './rows.ts'

export type ApiParts = {
  readonly store: Store
  readonly settings: Pick<
    Settings,
    'billing' | 'reservations' | 'limits' | 'providers' | 'smtp' | 'signIn' | 'publicUrl' | 'host' | 'simulatorActive'
  >
  readonly budgets: BudgetDirectory
  readonly routes: ApiRoutes
  readonly credentials: ApiCredentials
  /** The process that answers. */
  readonly system: SystemFacts
  /** What is charged on top of a provider's cost. */
  readonly terms: CompiledTerms
  /** How the endpoints fare, as far as this process called them. */
  readonly health: { of(endpointId: string): Figures; list(): readonly ApiEndpointState[] }
  readonly rateCards: Pick<RateCards, 'keep'>
  /** Rate cards that were set here. */
  readonly adminCards: { list(): readonly RateCard[]; refresh(): Promise<void> }
  readonly random: Random
  /** The name of a personal text where the text itself must not stand. */
  readonly hashDetails: HashDetails
  readonly log: Log
  /** Keeps what signs a webhook. */
  readonly sealer: Sealer
  /** Where webhooks may go. */
  readonly addresses: AddressGuard
  /** The caller behind a request's secret, else behind its session. Throws `Refused`: `invalid_api_key`, `rate_limit_exceeded`. */
  authenticate(request: FastifyRequest): Promise<Caller>
  /** From where a request came, past the proxies that are trusted. */
  addressOf(request: FastifyRequest): string
  /** Whether the caller is who runs this server. */
  isOperator(caller: Caller): boolean
  /** By its key, or signed in as an admin of the first organisation: they set prices, which hold for all organisations. */
  runsServer(caller: Caller): boolean
  /** Whose people run this server. */
  readonly operatorOrganisationId: bigint
  /** What waits in this process for the database. */
  readonly settlements: Pick<Settlements, 'journal'>
  /** Model calls of the organisation that are under way in this process. */
  callsUnderWay(organisationId: bigint): number
  /** A change to a key holds from here on. */
  forgetKey(hash: string): void
  /** A change to what an organisation is called holds from here on. */
  forgetKeys(): void
  readonly people: ApiPeople
  /** 32 hex digits, the same for every question about one request. */
  requestId(request: FastifyRequest): string
}

/** The process itself. */
export type SystemFacts = {
  readonly version: string
  readonly startedAt: number
  /** Whence the shipped prices are. */
  readonly catalogueSource: string
  /** What is secret about them is masked. */
  readonly settings: { list(): readonly EffectiveSetting[] }
  /** On the disk of the data folder; undefined: nobody can tell. */
  freeBytes(): Promise<number | undefined>
}

/** Sign-in, as far as the API offers it; what it throws is refused in the words of its code. */
type ApiPeople = {
  signIn(asked: { email: string; password: string; address: string }): Promise<SignedIn>
  redeem(asked: {
    token: string
    email: string | undefined
    password: string
    name: string
    address: string
    requestId: string
  }): Promise<SignedIn>
  readonly byProvider: {
    start(asked: {
      origin: string
      wanted: string
      token: string | undefined
      address: string
    }): Promise<{ readonly url: string; readonly cookies: readonly string[] }>
    finish(asked: {
      origin: string
      query: Readonly<Record<string, string>>
      cookie: string | undefined
      address: string
      requestId: string
    }): Promise<{ readonly wanted: string } & ({ readonly cookies: readonly string[] } | { readonly failed: string })>
  }
  signOut(cookie: string | undefined, everywhere: boolean): Promise<readonly string[]>
  changePassword(asked: {
    cookie: string
    email: string
    current: string
    next: string
    address: string
  }): Promise<readonly string[]>
  /** The person can no longer sign in, and every session is over. */
  removeUser(userId: string): Promise<void>
  makeLink(wanted: {
    organisationId: bigint
    email: string | null
    role: 'admin' | 'reader'
    via: 'setup' | 'invitation'
    at: number
    actor: string
    requestId: string | null
  }): Promise<{ code: string; path: string; expiresAt: number }>
}

/** Cookies are the values of `Set-Cookie`. */
export type SignedIn = { readonly caller: Caller; readonly cookies: readonly string[] }

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

export type ApiRoutes = {
  find(name: string): ApiRoute | undefined
  list(): readonly ApiRoute[]
  readonly providers: ReadonlyMap<string, ApiProvider>
}

type ApiEndpointState = {
  readonly id: string
  readonly circuit: CircuitState
  /** Milliseconds. */
  readonly coolingMs: number
  readonly successes: number
  readonly failures: Readonly<Record<FailureKind, number>>
  readonly figures: Figures
}

type ApiProvider = { readonly key: string; readonly name: string; readonly parameters: readonly string[] }

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
  readonly quantization?: string | undefined
}

export type Call<N extends OperationName> = {
  readonly caller: Caller
  readonly params: Input<OperationNamed<N>, 'params'>
  readonly query: Input<OperationNamed<N>, 'query'>
  readonly body: Input<OperationNamed<N>, 'body'>
  /** The address that the server was reached at, for links to it. */
  readonly origin: string
  readonly requestId: string
  /** The store's clock when the request came. */
  readonly at: number
  /** Asks for rows, where the operation has them. */
  readonly rows: boolean
  /** The row that tells who changed what, to be written behind the change. `provided`: only where that holds by then. */
  audit(change: AuditedChange, provided?: Provided): Query<unknown>
  /** The same row for a command of the ledger. */
  auditRow(change: AuditedChange): AuditRow
  /** Under which name this content is done once; undefined: the client named none. */
  idempotency(content: unknown): Idempotency | undefined
}

export type AuditedChange = Pick<AuditEntry, 'action' | 'target' | 'before' | 'after'> & {
  /** Whose thing was changed, where it is not the caller's. */
  readonly organisationId?: bigint
}

type Answer<N extends OperationName> = Whole<N> | { readonly rows: Rows }

export type Whole<N extends OperationName> = {
  readonly body: z.input<OperationNamed<N>['result']>
  /** In place of the operation's own. */
  readonly status?: number
  /** The effect was there before; this is its stored answer. */
  readonly replayed?: boolean
}

type Handler<N extends OperationName> = (parts: ApiParts, call: Call<N>) => Promise<Answer<N>>
export type Handlers<N extends OperationName = OperationName> = { readonly [K in N]: Handler<K> }
