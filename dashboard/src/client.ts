/** The API, for the person whose session cookie the browser sends along. */
import { TurnpikeClient } from '@turnpike/sdk'

export const client = new TurnpikeClient({ apiKey: null, baseUrl: location.origin, maxRetries: 1 })
