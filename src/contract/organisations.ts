/** Organisations and the management keys that administer them. */
import { z } from 'zod'
import { Instant, text } from './common.ts'

export const OrganisationRequest = z.object({
  name: text(100).meta({ description: 'What people call the organisation.' }),
  timeZone: z
    .string('expected the name of a time zone')
    .refine((zone) => isTimeZone(zone), 'expected an IANA time zone, e.g. Europe/Berlin')
    .optional()
    .meta({ description: 'Where its days begin. Default: UTC.' }),
})

export const OrganisationCreated = z.object({
  organisation: z.object({ id: z.string(), name: z.string(), timeZone: z.string(), createdAt: Instant }),
})

export const ManagementKeyRequest = z.object({
  name: text(255).meta({ description: 'What people call the key.' }),
  role: z.enum(['admin', 'reader'], 'expected admin or reader').meta({ description: 'A reader changes nothing.' }),
  organisationId: text(100)
    .optional()
    .meta({ description: "Another organisation than one's own; the operator alone may." }),
})

export const ManagementKeyCreated = z.object({
  managementKey: z.object({
    hash: z.string(),
    name: z.string(),
    role: z.enum(['admin', 'reader']),
    organisationId: z.string(),
    createdAt: Instant,
  }),
  key: z.string().meta({ description: 'The secret, shown this once.' }),
})

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '' && !/^[+-]/.test(zone)
  } catch {
    return false
  }
}
