/** Ends a stream whose output is certainly past the limit of the request: a provider that ignores it is not paid for that. */
import { type Refused, refuse } from '../contract/errors.ts'
import type { Admission } from './admit.ts'
import type { Delivered } from './delivered.ts'
import type { Served } from './forward.ts'
import type { Gateway } from './gateway.ts'

type Watched = { readonly gateway: Gateway; readonly admission: Admission; readonly served: Pick<Served, 'candidate'> }

/** No text has more bytes than this to a token, over any length worth stopping. */
const MOST_BYTES_PER_TOKEN = 16
/** From here on it is worth counting exactly. */
const FEW_BYTES_PER_TOKEN = 4
const TOLERANCE_PERCENT = 10
const TOLERANCE_TOKENS = 64
/** Progress is written, and a count asked for again, after so many more bytes. */
const PROGRESS_BYTES = 1_024

/** Sound has no limit of tokens that a client could state: a stream of it ends where a whole reply would. */
export function createSizeWatch(
  { gateway, served }: Watched,
  delivered: Delivered,
  stop: (failure: Refused) => void,
): () => void {
  const { name: providerName } = served.candidate.endpoint.provider
  return () => {
    if (delivered.bytes > gateway.settings.limits.replyBytes)
      stop(refuse('provider_error', 'The provider sent more than a reply may hold', { providerName }))
  }
}

/** To be called after each event. */
export function createLengthWatch(
  { gateway, admission, served }: Watched,
  delivered: Delivered,
  stop: (failure: Refused) => void,
): () => void {
  const { call, outputLimit } = admission
  const limit = (call.outputLimit ?? outputLimit) * call.choices
  const most = limit + Math.floor((limit * TOLERANCE_PERCENT) / 100) + TOLERANCE_TOKENS
  let reportAt = PROGRESS_BYTES
  let countAt = FEW_BYTES_PER_TOKEN * limit
  const tooMuch = () => {
    const { name: providerName } = served.candidate.endpoint.provider
    stop(refuse('provider_error', 'The provider sent more than the output limit of the request', { providerName }))
  }
  return () => {
    const { bytes } = delivered
    if (bytes > MOST_BYTES_PER_TOKEN * limit) return tooMuch()
    if (bytes >= reportAt) {
      reportAt = bytes + PROGRESS_BYTES
      gateway.progress.report({
        organisationId: admission.caller.organisationId,
        reservationId: admission.id.id,
        outputTokens: delivered.estimate,
      })
    }
    if (bytes <= countAt) return
    countAt = bytes + Math.max(limit, PROGRESS_BYTES)
    void delivered.count().then(({ tokens, exact }) => {
      if (exact && tokens > most) tooMuch()
    })
  }
}
