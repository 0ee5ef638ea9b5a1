/** One-time links that let a person in. The token is in the fragment, which no browser sends and no server logs; what is kept is its hash. */
import type { Random } from '../lib/random.ts'
import { hashSecret } from '../lib/secret.ts'
import type { AuditEntry } from '../store/audit-log.ts'
import { auditQuery } from '../store/audit-log.ts'
import { createLink, type NewLink } from '../store/members.ts'
import type { Store } from '../store/store.ts'

const SETUP_LINK_MS = 15 * 60_000
/** A colleague reads it tomorrow. */
const INVITATION_MS = 3 * 24 * 60 * 60_000

const TOKEN_BYTES = 32

export type WantedLink = Pick<NewLink, 'organisationId' | 'email' | 'role' | 'via' | 'at'> &
  Pick<AuditEntry, 'actor' | 'requestId'>

export type MadeLink = {
  readonly code: string
  /** Behind the address of the server. */
  readonly path: string
  readonly expiresAt: number
}

export async function makeLink(store: Store, random: Random, wanted: WantedLink): Promise<MadeLink> {
  const { organisationId, email, role, via, at, actor, requestId } = wanted
  const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
  const id = store.ids.next()
  const expiresAt = at + (via === 'setup' ? SETUP_LINK_MS : INVITATION_MS)
  const link = { ...id, organisationId, email, role, via, linkHash: hashSecret(token), linkExpiresAt: expiresAt, at }
  const audit = auditQuery(store, {
    ...{ organisationId, actor, requestId, at, target: `mem_${id.code}`, before: null },
    action: via === 'setup' ? 'member.setup_link' : 'member.invite',
    after: { email, role },
  })
  await createLink(store, link, audit)
  return { code: id.code, path: `/setup#token=${token}`, expiresAt }
}
