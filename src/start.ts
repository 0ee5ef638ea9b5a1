/** `turnpike start`: settings, server, welcome; then until a signal. */

import type { StartOptions } from './cli/environment.ts'
import { EXIT, type ExitCode } from './cli/exit-code.ts'
import { faultLine } from './cli/fault.ts'
import { loadSettings, type SettingsInput } from './cli/settings.ts'
import { firstStartLines, laterStartLines } from './cli/welcome.ts'
import type { Settings } from './contract/settings.ts'
import { createLog, type LogLevel } from './lib/log.ts'
import { nanosText } from './lib/money.ts'
import { createReload } from './reload.ts'
import { type Server, startServer } from './server.ts'

export type StartParts = Omit<SettingsInput, 'args'> & {
  readonly version: string
  readonly options: StartOptions
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly stopped: Promise<unknown>
  /** Calls back each time that the settings are to be read again. */
  readonly onReload: (callback: () => void) => void
  /** Standard error is a terminal. */
  readonly readable: boolean
}

export async function start({
  version,
  options,
  stdout,
  stderr,
  stopped,
  onReload,
  readable,
  ...surroundings
}: StartParts): Promise<ExitCode> {
  const loaded = loadSettings({ ...surroundings, args: options })
  if ('faults' in loaded) {
    for (const fault of loaded.faults) stderr(`${faultLine(fault)}\n`)
    return EXIT.usage
  }
  const { settings } = loaded
  const log = createLog({ level: levelOf(settings), readable })
  const server = await startServer({ ...loaded, log })
  const reload = createReload({ load: () => loadSettings({ ...surroundings, args: options }), server, log })
  onReload(() => void reload())
  if (server.moved) stderr(`${server.moved}\n`)
  for (const line of welcome(server, settings, version)) stderr(`${line}\n`)
  stdout(`${JSON.stringify({ event: 'listening', url: server.url })}\n`)
  await stopped
  await server.close()
  return EXIT.done
}

function welcome(server: Server, settings: Settings, version: string): string[] {
  const dashboard = settings.publicUrl?.replace(/\/+$/, '') ?? server.url
  const common = {
    version,
    store:
      settings.databaseUrl === undefined
        ? `SQLite ${server.folder.database}`
        : `PostgreSQL ${new URL(settings.databaseUrl).host}`,
    zone: server.organisation.timeZone,
    url: server.url,
    // A link to pages that are not there would lead nowhere.
    ...(server.hasDashboard ? { dashboard } : {}),
    ...(server.hasDashboard && server.setupPath !== undefined ? { setupLink: `${dashboard}${server.setupPath}` } : {}),
    providers: [...settings.providers.values()],
    simulatorActive: settings.simulatorActive,
    ...(settings.file === undefined ? {} : { file: settings.file }),
    command: 'npm run -s turnpike --',
  }
  const { recovered, demoKey, folder } = server
  const [first] = server.gateway.routes.list()
  if (demoKey !== undefined)
    return firstStartLines({
      ...common,
      catalogue: server.system.catalogueSource,
      demoKey,
      model: server.gateway.routes.find('gpt-4o-mini') ? 'gpt-4o-mini' : (first?.model.id ?? 'gpt-4o-mini'),
      ...(folder.adminKeyFile === undefined ? {} : { adminKeyFile: folder.adminKeyFile }),
    })
  return laterStartLines({
    ...common,
    ...(recovered.calls > 0
      ? { interrupted: { calls: recovered.calls, chargeUsd: nanosText(recovered.chargeNanos) } }
      : {}),
  })
}

/** The log knows four levels and silence. */
function levelOf({ logLevel }: Settings): LogLevel {
  if (logLevel === 'trace') return 'debug'
  return logLevel === 'fatal' ? 'error' : logLevel
}
