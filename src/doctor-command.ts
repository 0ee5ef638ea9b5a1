/** `turnpike doctor`: looks at all that Turnpike needs, whether it runs or not, and says of each what to do. It changes nothing. */
import { doctorOutput, type Finding } from './cli/doctor-output.ts'
import type { StartOptions } from './cli/environment.ts'
import { EXIT, type ExitCode } from './cli/exit-code.ts'
import { faultLine } from './cli/fault.ts'
import { loadSettings, type SettingsInput } from './cli/settings.ts'
import { tellProgress } from './cli/tell-progress.ts'
import type { Settings } from './contract/settings.ts'
import { lookIntoDatabase, migrationFinding, textOf, unpricedFinding, verifyFinding } from './doctor-database.ts'
import { diskFinding, folderFinding, nodeFinding, portFinding } from './doctor-machine.ts'
import { clockFinding, mailFinding, providerFindings, webhookFindings } from './doctor-reach.ts'
import { systemClock } from './lib/clock.ts'
import type { Look } from './store/look.ts'

type DoctorParts = Omit<SettingsInput, 'args'> & {
  readonly options: StartOptions & { readonly json: boolean }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

type Check = { readonly name: string; readonly run: () => Found | Promise<Found> }
type Found = Finding | readonly Finding[]

export async function doctor({ options, stdout, stderr, ...surroundings }: DoctorParts): Promise<ExitCode> {
  const { json, ...args } = options
  const loaded = loadSettings({ ...surroundings, args })
  const faults = 'faults' in loaded ? loaded.faults : []
  const findings: Finding[] = [
    nodeFinding(),
    ...('faults' in loaded ? faults.map(settingsFault) : [inOrder(loaded.settings)]),
    ...('faults' in loaded ? [] : await examined(loaded.settings, stderr)),
  ]
  const output = doctorOutput(findings, json)
  stdout(output.stdout)
  stderr(output.stderr)
  if (faults.length > 0) return EXIT.usage
  return findings.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.done
}

const settingsFault = (fault: Parameters<typeof faultLine>[0]): Finding => ({
  ...{ check: 'settings', state: 'failed', says: faultLine(fault).replace(/^turnpike: /, '') },
})

const inOrder = ({ file, providers }: Settings): Finding => ({
  ...{ check: 'settings', state: 'ok' },
  says: `${file ?? 'the environment'}, ${providers.size} ${providers.size === 1 ? 'provider' : 'providers'}`,
})

/** All at once, and each in its time; in the order in which people read them. */
async function examined(settings: Settings, stderr: (text: string) => void): Promise<Finding[]> {
  const opening = { look: undefined as Look | undefined }
  const database = await within({
    name: 'database',
    async run() {
      const { look, finding } = await lookIntoDatabase(settings)
      opening.look = look
      return finding
    },
  })
  const { look } = opening
  const migrations = look ? await within({ name: 'migrations', run: () => migrationFinding(look) }) : []
  // What an older or newer version made is not read in the words of this one.
  const isOurs = migrations.every(({ state }) => state === 'ok')
  const inDatabase = (name: string, run: (into: Look) => Promise<Found>): Check[] =>
    look && isOurs ? [{ name, run: () => run(look) }] : []
  const checks: Check[] = [
    { name: 'data folder', run: () => folderFinding(settings) },
    { name: 'free space', run: () => diskFinding(settings) },
    { name: 'port', run: () => portFinding(settings) },
    { name: 'database', run: () => database },
    { name: 'migrations', run: () => migrations },
    { name: 'clock', run: () => clockFinding(settings, look) },
    { name: 'providers', run: () => providerFindings(settings) },
    ...inDatabase('prices', unpricedFinding),
    { name: 'mail', run: () => mailFinding(settings) },
    ...inDatabase('webhooks', (into) => webhookFindings(settings, into)),
    ...inDatabase('last verify', verifyFinding),
  ]
  let done = 0
  const stopTelling = tellProgress(() => `turnpike: ${done} of ${checks.length} looked at\n`, stderr)
  const found = await Promise.all(checks.map((check) => within(check).finally(() => done++)))
  stopTelling()
  await look?.close().catch(() => {})
  return found.flat()
}

const WITHIN_MS = 15_000

/** Never rejects, and never takes longer. */
async function within({ name, run }: Check): Promise<readonly Finding[]> {
  const late = Promise.withResolvers<Finding>()
  const says = `no answer within ${WITHIN_MS / 1_000} seconds`
  const timer = systemClock.after(WITHIN_MS, () => late.resolve({ check: name, state: 'failed', says }))
  try {
    return [await Promise.race([run(), late.promise])].flat()
  } catch (error) {
    return [{ check: name, state: 'failed', says: textOf(error) }]
  } finally {
    timer.cancel()
  }
}
