/** When keys were last used: kept in memory as calls come, written down now and then, behind everything else. */
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { saveLastUse } from '../store/last-use.ts'
import type { Store } from '../store/store.ts'

type Kind = 'api_key' | 'management_key'

export type LastUse = {
  seen(kind: Kind, id: bigint): void
  /** Resolves once all that was seen until now is written, be it that another one had begun with it. */
  flush(): Promise<void>
}

/** How far behind the page of keys may be. */
const EVERY_MS = 10_000
const TABLES = { api_key: 'api_keys', management_key: 'management_keys' } as const

export function createLastUse({ store, clock, log }: { store: Store; clock: Clock; log: Log }): LastUse {
  const used = { api_key: new Map<bigint, number>(), management_key: new Map<bigint, number>() }
  let armed = false
  let written = Promise.resolve()
  const write = async () => {
    armed = false
    for (const kind of ['api_key', 'management_key'] as const) {
      if (used[kind].size === 0) continue
      const rows = [...used[kind]].map(([id, at]) => ({ id, at }))
      used[kind].clear()
      await saveLastUse(store, TABLES[kind], rows).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'when keys were last used was not saved'),
      )
    }
  }
  const flush = () => {
    written = written.then(write)
    return written
  }
  return {
    flush,
    seen(kind, id) {
      used[kind].set(id, store.now())
      if (armed) return
      armed = true
      clock.after(EVERY_MS, flush)
    },
  }
}
