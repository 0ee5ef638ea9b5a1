/** Commands of the server's own machine begin with its settings, or with every fault in them. */
import type { Settings } from '../contract/settings.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { faultLine } from './fault.ts'
import { loadSettings, type SettingsInput } from './settings.ts'

export async function withSettings(
  input: SettingsInput,
  stderr: (text: string) => void,
  run: (settings: Settings) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = loadSettings(input)
  if (!('faults' in loaded)) return run(loaded.settings)
  for (const fault of loaded.faults) stderr(`${faultLine(fault)}\n`)
  return EXIT.usage
}
