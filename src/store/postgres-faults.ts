/** What the errors of PostgreSQL and of the way to it mean: try again, out of reach, or a start that cannot go on. */
import pg from 'pg'
import { StoreUnusable } from './store.ts'

export type Server = { readonly host: string; readonly port: number; readonly user: string; readonly database: string }

/** Another node was in the way (serialisation failure, deadlock); the same batch goes through when it is repeated. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error))

/** Somebody else holds what was to be locked, and it was not waited for. */
export const isHeld = (error: unknown): boolean => codeOf(error) === '55P03'

/** A unique name is there that was not when we looked; one repetition sees it and answers by it. */
export const isTaken = (error: unknown): boolean => codeOf(error) === '23505'

/** A statement was given up at its time limit, wherever the error was wrapped on its way. */
export const isTooSlow = (error: unknown): boolean =>
  error instanceof Error && [codeOf(error), codeOf(error.cause)].includes('57014')

/** Nothing is wrong with the command: connection, resources, shutdown, time-outs, or a primary that has become a replica. */
export function isAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(codeOf(error))
  return error instanceof Error && ('syscall' in error || error instanceof AggregateError || LOST.test(error.message))
}

const AWAY = /^(08|53|57|58|25006|25P03|55P03)/
/** The driver words these itself. */
const LOST =
  /^(Connection terminated|timeout exceeded|Client has encountered|Client was closed|Cannot use a pool|Query read timeout)/

/** One sentence for the person who starts it: what, where, what to do. */
export function unusable(error: unknown, server: Server): StoreUnusable {
  if (error instanceof StoreUnusable && codeOf(error.cause) !== '42501') return error
  const cause = error instanceof StoreUnusable ? error.cause : error
  return new StoreUnusable(sentence(cause, codeOf(cause), server), { cause })
}

function sentence(error: unknown, code: string, { host, port, user, database }: Server): string {
  const at = `PostgreSQL at ${host}:${port}`
  const text = messageOf(error)
  switch (code) {
    case '28P01':
      return `${at} refused the password of user ${user} (a container's POSTGRES_PASSWORD counts only when its volume is new)`
    case '28000':
      return `${at} does not let user ${user} in: ${text}. Correct TURNPIKE_DATABASE_URL, or allow the user in pg_hba.conf`
    case '3D000':
      return `${at} has no database ${database}. Run: CREATE DATABASE ${database} ENCODING 'UTF8' TEMPLATE template0, or correct TURNPIKE_DATABASE_URL`
    case '42501':
      return `user ${user} lacks rights in database ${database} of ${at} (${text}). Run: GRANT CREATE ON DATABASE ${database} TO ${user}; GRANT USAGE, CREATE ON SCHEMA public TO ${user}`
    case '25006':
      return readOnly({ host, port, user, database })
    case '53300':
      return `${at} has no connection left (${text}). Raise max_connections, or give Turnpike's nodes a database server of their own`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host ${host} of TURNPIKE_DATABASE_URL is not known here. Correct the name, or start the database's container first`
    case 'ECONNREFUSED':
      return `nothing listens at ${host}:${port}, where TURNPIKE_DATABASE_URL says PostgreSQL is. Start it, or correct the address`
  }
  if (/does not support SSL/.test(text))
    return `${at} speaks no TLS. Leave sslmode out of TURNPIKE_DATABASE_URL, or switch ssl on in postgresql.conf`
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_|ERR_TLS)/.test(code))
    return `${at} shows a certificate that is not trusted here (${text}). Name who signed it in TURNPIKE_DATABASE_URL: sslmode=verify-full&sslrootcert=/path/ca.pem`
  if (/timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i.test(`${text} ${code}`))
    return `${at} does not answer. Correct TURNPIKE_DATABASE_URL, or let the connection through the firewall`
  return `${at}: ${text}`
}

export const readOnly = ({ host, port }: Server): string =>
  `PostgreSQL at ${host}:${port} is read-only (a replica, or default_transaction_read_only). Point TURNPIKE_DATABASE_URL at the primary`

export const wrongEncoding = (encoding: string, { database }: Server): string =>
  `the database ${database} is encoded in ${encoding}, and names in other scripts would be lost. Run: CREATE DATABASE ${database}_utf8 ENCODING 'UTF8' TEMPLATE template0, and name that one in TURNPIKE_DATABASE_URL`

export const tooOld = (version: string, oldest: number, { host, port }: Server): string =>
  `PostgreSQL at ${host}:${port} is ${version}, ${oldest} or newer is needed`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error))

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
