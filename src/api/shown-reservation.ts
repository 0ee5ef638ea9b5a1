/** A reservation as the API shows it, in credits of the price that it was written with. */
import { z } from 'zod'
import type { Reservation } from '../contract/reservations.ts'
import { instantText } from '../lib/clock.ts'
import type { StoredReservation } from '../store/reservations.ts'
import { rateOf, withDecimal } from './money.ts'
import type { Call } from './parts.ts'

/** What is kept with a reservation: what the caller attached, and the price of a credit that it was written with. */
const Context = z.object({ metadata: z.record(z.string(), z.unknown()), creditUsd: z.string() })

export const contextOf = (
  { operation, model, metadata }: Call<'createReservation'>['body'],
  creditUsd: string,
): z.output<typeof Context> => ({
  metadata: { ...metadata, ...(operation ? { operation } : {}), ...(model ? { model } : {}) },
  creditUsd,
})

export const attachedTo = ({ context }: Pick<StoredReservation, 'context'>) => Context.parse(JSON.parse(context))

export function shownReservation(reservation: Omit<StoredReservation, 'id' | 'accountId'>): Reservation {
  const { metadata, creditUsd } = attachedTo(reservation)
  const { transactionCode } = reservation
  return {
    id: `res_${reservation.code}`,
    accountId: `acc_${reservation.accountCode}`,
    externalId: reservation.externalId,
    ...withDecimal({ amount: rateOf(creditUsd).text(reservation.amount) }),
    status: reservation.status,
    createdAt: instantText(reservation.admittedAt),
    expiresAt: instantText(reservation.expiresAt),
    transactionId: transactionCode === null ? null : `txn_${transactionCode}`,
    metadata,
  }
}
