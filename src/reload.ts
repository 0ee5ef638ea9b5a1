/**
 * The settings read again while the server runs. They are checked whole before anything changes: a file with a fault
 * changes nothing, and its faults are in the log with their lines.
 */
import { faultLine } from './cli/fault.ts'
import type { loadSettings } from './cli/settings.ts'
import type { Log } from './lib/log.ts'
import type { Server } from './server.ts'

type Parts = {
  readonly load: () => ReturnType<typeof loadSettings>
  readonly server: Pick<Server, 'reload'>
  readonly log: Log
}

/** Never rejects. One that is asked for while another is under way comes after it. */
export function createReload(parts: Parts): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return () => {
    last = last.then(() => reload(parts))
    return last
  }
}

async function reload({ load, server, log }: Parts): Promise<void> {
  try {
    const loaded = load()
    if ('faults' in loaded) {
      for (const fault of loaded.faults) log.error({}, faultLine(fault))
      log.error({ faults: loaded.faults.length }, 'the settings were not reloaded: those from before hold on')
      return
    }
    const restart = await server.reload(loaded)
    const { providers, models } = loaded.settings
    log.info({ providers: providers.size, models: models.length }, 'the settings were reloaded')
    if (restart.length > 0) log.warn({ settings: restart.join(', ') }, 'these settings changed and need a restart')
  } catch (error) {
    log.error({ error }, 'the settings were not reloaded: those from before hold on')
  }
}
