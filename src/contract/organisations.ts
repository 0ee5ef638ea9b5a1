/** Organisations and the management keys that administer them. */
import { z } from 'zod'
import { fixed, Instant, id, isTimeZone, Name, PageQuery, Pagination } from './common.ts'

const TimeZone = z
  .string('expected the name of a time zone')
  .refine((zone) => isTimeZone(zone), 'expected an IANA time zone, e.g. Europe/Berlin')

const Organisation = z
  .object({
    id: z.string().meta({ description: 'Its name, by which everything else refers to it.' }),
    name: z.string(),
    timeZone: z.string(),
    createdAt: Instant,
  })
  .meta({ id: 'Organisation' })

export const OrganisationRequest = z.object({
  name: Name(100).meta({ description: 'What people call the organisation.' }),
  timeZone: TimeZone.optional().meta({ description: 'Where its days begin. Default: UTC.' }),
})

export const OrganisationPatch = z.object({
  name: Name(100)
    .optional()
    .meta({ description: 'The operator alone may change it. Clients see another id from then on.' }),
  timeZone: TimeZone.optional().meta({ description: 'Where its days begin.' }),
})

export const OrganisationParams = z.object({ id: z.string().max(512).meta({ description: 'Its name.' }) })
export const OrganisationReply = z.object({ organisation: Organisation })
export const OrganisationList = z.object({ organisations: z.array(Organisation), pagination: Pagination })

const Role = z.enum(['admin', 'reader'], 'expected admin or reader').meta({ description: 'A reader changes nothing.' })

const ManagementKey = z
  .object({
    id: id('mkey').meta({ description: 'Stays what it is when the key is rotated.' }),
    hash: z.string().meta({ description: 'SHA-256 of the current secret.' }),
    name: z.string().meta({ description: 'In the audit log `management:` stands before it.' }),
    label: z.string(),
    role: z.enum(['admin', 'reader']),
    organisationId: z.string(),
    disabled: z.boolean(),
    lastUsedAt: Instant.nullable().meta({ description: 'Some seconds behind.' }),
    previousSecretUntil: Instant.nullable(),
    createdAt: Instant,
    updatedAt: Instant.nullable(),
  })
  .meta({ id: 'ManagementKey' })
export type ManagementKey = z.output<typeof ManagementKey>

/** Another organisation's are the operator's to see and to make. */
const OrganisationId = Name(100)
  .optional()
  .meta({ description: 'Default: the one of the key that asks. Another one is for the operator.' })

export const ManagementKeyRequest = z.object({
  name: Name(255).meta({ description: 'What people call the key.' }),
  role: Role,
  organisationId: OrganisationId,
})

export const ManagementKeyPatch = z.object({
  name: Name(255).optional().meta({ description: 'What people call the key.' }),
  disabled: z.boolean('expected true or false').optional().meta({ description: 'Refuse it from now on.' }),
  role: fixed('the role of a key is set when the key is made; make another key'),
})

export const ManagementKeyQuery = PageQuery.extend({ organisationId: OrganisationId })
export const ManagementKeyParams = z.object({ id: z.string().max(64).meta({ description: '`mkey_…`' }) })
export const ManagementKeyReply = z.object({ managementKey: ManagementKey })
export const ManagementKeyList = z.object({ managementKeys: z.array(ManagementKey), pagination: Pagination })
export const ManagementKeySecret = z.object({
  managementKey: ManagementKey,
  key: z.string().meta({ description: 'The secret, shown this once.' }),
})
