/**
 * Writes the generated pages of `docs/reference`, and what the help of commands is made from. Run
 * `npx node scripts/generate-reference.ts` after a change of settings, errors, operations, commands, presets or simulated
 * models; a test fails while one of them lags behind.
 */
import { writeFileSync } from 'node:fs'
import { cliReference } from './reference/cli.ts'
import { errorsReference } from './reference/errors.ts'
import { eventsReference } from './reference/events.ts'
import { providersReference } from './reference/providers.ts'
import { settingsReference } from './reference/settings.ts'
import { shownCommandsModule } from './reference/shown-commands.ts'
import { simulatorReference } from './reference/simulator.ts'

/** By their path from the root of the repository. */
export const referencePages: Readonly<Record<string, () => string>> = {
  'docs/reference/settings.md': settingsReference,
  'docs/reference/errors.md': errorsReference,
  'docs/reference/events.md': eventsReference,
  'docs/reference/cli.md': cliReference,
  'docs/reference/providers.md': providersReference,
  'docs/reference/simulator.md': simulatorReference,
  'src/cli/shown-commands.gen.ts': shownCommandsModule,
}

if (import.meta.main)
  for (const [path, page] of Object.entries(referencePages)) {
    writeFileSync(new URL(`../${path}`, import.meta.url), page())
    console.log(path)
  }
