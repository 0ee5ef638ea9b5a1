/** `turnpike config check` and `turnpike config print`: what the settings are, and where each came from. */
import { type ConfigRow, configRows } from './config-rows.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { faultLine } from './fault.ts'
import { loadSettings, type SettingsInput } from './settings.ts'

type Output = { readonly stdout: (text: string) => void; readonly stderr: (text: string) => void }

export function checkConfig(input: SettingsInput, { stderr }: Output): ExitCode {
  const loaded = loadSettings(input)
  if ('faults' in loaded) return tellFaults(loaded.faults, stderr)
  const { settings } = loaded
  const what = `${counted(settings.providers.size, 'provider')}, ${counted(settings.models.length, 'model')}`
  stderr(
    `turnpike: ${settings.file ? `${settings.file} and the environment are` : 'the environment is'} in order: ${what}\n`,
  )
  return EXIT.done
}

export function printConfig(input: SettingsInput, { json }: { json: boolean }, { stdout, stderr }: Output): ExitCode {
  const loaded = loadSettings(input)
  if ('faults' in loaded) return tellFaults(loaded.faults, stderr)
  const rows = configRows(loaded.settings, loaded.origins)
  stdout(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows))
  return EXIT.done
}

const tellFaults = (faults: readonly Parameters<typeof faultLine>[0][], stderr: Output['stderr']): ExitCode => {
  for (const fault of faults) stderr(`${faultLine(fault)}\n`)
  return EXIT.usage
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function table(rows: readonly ConfigRow[]): string {
  const cells = rows.map(({ setting, value, origin }) => [setting, JSON.stringify(value), origin])
  const width = (column: number) => Math.min(60, Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const [first, second] = [width(0), width(1)]
  return cells
    .map(([setting = '', value = '', origin]) => `${setting.padEnd(first)}  ${value.padEnd(second)}  ${origin}\n`)
    .join('')
}
