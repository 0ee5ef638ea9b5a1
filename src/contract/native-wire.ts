/** A wire whose requests and replies can go through as they are where client and provider both speak it. */
export type NativeWire = 'anthropic'

/** A request as the client wrote it, beside what it says in the gateway's own form. */
export type NativeBody = { readonly wire: NativeWire; readonly text: string }
