/**
 * The gateway with settings that can be exchanged under way. A call holds the settings it began with, and what belongs
 * to them, until it has ended; what nobody holds any more is closed.
 */
import type { Gateway } from './gateway.ts'

/** What the settings decide. */
type Parts = Pick<Gateway, 'settings' | 'terms' | 'routes' | 'upstreams'> & {
  /** Closes the connections to the providers. */
  close(): Promise<void>
}

/** What stays while the process lives. */
export type SharedParts = Omit<Gateway, keyof Parts | 'draining'>

export type Configured<P extends Parts = Parts> = {
  /** By the settings of this moment. */
  readonly gateway: Gateway
  current(): P
  /** The gateway for one call. `release` when it has ended. */
  hold(): { readonly gateway: Gateway; release(): void }
  /** From here on new calls go by these; at once, and as a whole. */
  exchange(next: P): void
  /** Closes all that is still open; calls that are under way are cut. */
  close(): Promise<void>
}

type Generation<P> = { readonly parts: P; readonly gateway: Gateway; calls: number; closed: Promise<void> | undefined }

export function createConfigured<P extends Parts>(shared: SharedParts, first: P): Configured<P> {
  const state = { draining: false }
  const open = new Set<Generation<P>>()
  const begin = (parts: P): Generation<P> => {
    const generation = { parts, gateway: gatewayOf(shared, state, () => parts), calls: 0, closed: undefined }
    open.add(generation)
    return generation
  }
  const end = (generation: Generation<P>): Promise<void> => {
    generation.closed ??= generation.parts
      .close()
      .catch((error: unknown) => shared.log.warn({ error }, 'connections of former settings could not be closed'))
      .finally(() => open.delete(generation))
    return generation.closed
  }
  let current = begin(first)
  return {
    gateway: gatewayOf(shared, state, () => current.parts),
    current: () => current.parts,
    hold() {
      const held = current
      held.calls++
      return {
        gateway: held.gateway,
        release() {
          held.calls--
          if (held !== current && held.calls === 0) end(held)
        },
      }
    },
    exchange(next) {
      const former = current
      current = begin(next)
      if (former.calls === 0) end(former)
    },
    async close() {
      await Promise.all([...open].map(end))
    },
  }
}

const gatewayOf = (shared: SharedParts, state: { draining: boolean }, parts: () => Parts): Gateway => ({
  ...shared,
  get settings() {
    return parts().settings
  },
  get terms() {
    return parts().terms
  },
  get routes() {
    return parts().routes
  },
  get upstreams() {
    return parts().upstreams
  },
  get draining() {
    return state.draining
  },
  set draining(draining) {
    state.draining = draining
  },
})
