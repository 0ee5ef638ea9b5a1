/** Members: the people who sign in to an organisation's dashboard, the links that let them in, and who a session is. */
import { z } from 'zod'
import { Instant, id, Name, PageQuery, Pagination } from './common.ts'

const Role = z
  .enum(['admin', 'reader'], 'expected admin or reader')
  .meta({ description: 'What the person may do; a reader changes nothing.' })

/** Compared in lower case. What passes here is also an address to sign in with: the library checks by the same rule. */
const Email = z.email('expected an e-mail address').max(254, 'expected at most 254 characters')

const LEAST_PASSWORD = 10
const MOST_PASSWORD = 128
const PASSWORD = `expected a password of ${LEAST_PASSWORD} to ${MOST_PASSWORD} characters`
const NewPassword = z.string(PASSWORD).min(LEAST_PASSWORD, PASSWORD).max(MOST_PASSWORD, PASSWORD)
const Password = z.string(PASSWORD).min(1, PASSWORD).max(MOST_PASSWORD, PASSWORD)

const Member = z
  .object({
    id: id('mem'),
    email: z.string().nullable().meta({ description: 'Null while an invitation without an address is open.' }),
    name: z.string().nullable(),
    role: z.enum(['admin', 'reader']),
    status: z.enum(['active', 'invited']),
    invitedUntil: Instant.nullable().meta({ description: 'Until when the link of an invitation works.' }),
    createdAt: Instant,
    joinedAt: Instant.nullable(),
  })
  .meta({ id: 'Member' })
export type Member = z.output<typeof Member>

export const MemberParams = z.object({ id: z.string().max(64).meta({ description: '`mem_…`' }) })
export const MemberList = z.object({ members: z.array(Member), pagination: Pagination })
export const MemberReply = z.object({ member: Member })

export const Invitation = z.object({
  email: Email.optional().meta({
    description: 'The only address that the link lets in; without one, whoever holds it.',
  }),
  role: Role,
})

const Link = z.string().meta({ description: 'Works once. It is shown this once; hand it to the person alone.' })
export const InvitationReply = z.object({ member: Member, link: Link })
export const MemberPatch = z.object({ role: Role })

export const SetupLinkRequest = z.object({
  organisationId: Name(100).optional().meta({ description: 'Whose admin the link makes. Default: the first one.' }),
})
export const SetupLinkReply = z.object({ link: Link, expiresAt: Instant })

export const MemberQuery = PageQuery

/** Who asks: a member behind a session, or a management key. */
export const SessionReply = z.object({
  session: z
    .object({
      member: z
        .object({ id: id('mem'), email: z.string(), name: z.string() })
        .nullable()
        .meta({ description: 'Null where a key asks.' }),
      actor: z.string().meta({ description: 'The name in the audit log.' }),
      role: z.enum(['admin', 'reader']),
      isOperator: z.boolean(),
      organisation: z.object({ id: z.string(), name: z.string(), timeZone: z.string() }),
    })
    .meta({ id: 'Session' }),
})
export type Session = z.output<typeof SessionReply>['session']

export const SignInRequest = z.object({ email: Email, password: Password })

/** `wanted`: where to go on to. `token`: of a link that was opened. */
export const ProviderSignInRequest = z.object({
  wanted: z.string('expected a path').max(8_000, 'expected a path of at most 8000 characters').optional(),
  token: z.string('expected the token of a link').min(1).max(512).optional(),
})

export const Redemption = z.object({
  token: z.string('expected the token of a link').min(1).max(512),
  email: Email.optional(),
  password: NewPassword,
  name: Name(100),
})

export const PasswordChange = z.object({ currentPassword: Password, newPassword: NewPassword })

export const SignOutRequest = z.object({ everywhere: z.boolean('expected true or false').optional() })
