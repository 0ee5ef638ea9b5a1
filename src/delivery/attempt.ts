/** What one try to deliver came to. */
export type Attempt =
  | { readonly ok: true; readonly status: number | null; readonly answer: string }
  | {
      readonly ok: false
      readonly status: number | null
      /** In words for a person, without addresses and secrets. */
      readonly error: string
      readonly answer?: string
      /** The receiver asked to be left alone for so long. */
      readonly retryAfterMs?: number
      /** The receiver is gone for good. */
      readonly gone?: true
    }

/** What is to be delivered: the body of a webhook as text, which the other forms are made from. */
export type Parcel = { readonly eventId: string; readonly body: string }
