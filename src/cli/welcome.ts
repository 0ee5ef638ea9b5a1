/**
 * What a person reads when the server is up: where everything is, what answers, and one line to paste. Pure: it
 * returns lines, and whoever starts the server prints them to standard error.
 */
import type { ProviderSettings } from '../contract/provider-settings.ts'

type Welcome = {
  readonly version: string
  /** `SQLite ./data/turnpike.db` or `PostgreSQL db:5432`. */
  readonly store: string
  readonly zone: string
  /** Of the server, without a slash at its end. */
  readonly url: string
  readonly providers: readonly Pick<ProviderSettings, 'name' | 'origin'>[]
  readonly simulatorActive: boolean
  /** The settings file as it was named, where there is one. */
  readonly file?: string
  /** How the command line is called here; default `turnpike`. */
  readonly command?: string
  /** The dashboard's address; absent while there is no dashboard. */
  readonly dashboard?: string
  /** One-time link, while nobody owns the organisation. */
  readonly setupLink?: string
  /** The address of the API reference, where it is served. */
  readonly reference?: string
}

export type FirstStart = Welcome & {
  /** The date of the shipped prices. */
  readonly catalogue: string
  readonly demoKey: string
  /** The generated operator's key; absent where it came from the environment. */
  readonly adminKeyFile?: string
  /** A model that can be reached, for the line to paste. */
  readonly model: string
}

export type LaterStart = Welcome & {
  /** Calls that the last stop interrupted, and their charge in USD as decimal text. */
  readonly interrupted?: { readonly calls: number; readonly chargeUsd: string }
}

export function firstStartLines(start: FirstStart): string[] {
  const { url, store, zone, version, demoKey, reference, adminKeyFile } = start
  return [
    `Turnpike ${version} · ${store} (new) · zone ${zone} · catalogue ${start.catalogue}`,
    answering(start),
    ...aligned([
      ...dashboardRow(start),
      { label: 'API', value: `${url}/v1  ·  ${url}/api/v1 (OpenRouter)  ·  ${url} (Anthropic)` },
      ...(reference ? [{ label: 'Reference', value: reference }] : []),
      { label: 'Demo key', value: demoKey, note: 'of account "demo", 25 USD of promotional credit; shown this once' },
      ...(adminKeyFile ? [{ label: 'Operator', value: `key in ${adminKeyFile} (0600)` }] : []),
    ]),
    ...tryLines(url, demoKey, start.model),
  ]
}

export function laterStartLines(start: LaterStart): string[] {
  const { url, store, zone, version, command = 'turnpike', setupLink, reference } = start
  const places = [`API   ${url}/v1`, ...(reference ? [`Reference   ${reference}`] : [])]
  if (start.dashboard && !setupLink) places.unshift(`Dashboard   ${start.dashboard}`)
  const commands = [`New key: ${command} keys create NAME`]
  if (start.dashboard) commands.push(`New dashboard link: ${command} setup-link`)
  const column = Math.max(places[0]?.length ?? 0, commands[0]?.length ?? 0) + 8
  const sideBySide = ([first = '', ...others]: string[]) =>
    others.length === 0 ? `  ${first}` : `  ${first.padEnd(column)}${others.join(' '.repeat(9))}`
  return [
    `Turnpike ${version} · ${store} · zone ${zone}`,
    [...settled(start), answering(start)].join('   '),
    ...(setupLink ? aligned(dashboardRow(start)) : []),
    sideBySide(places),
    sideBySide(commands),
  ]
}

type Row = { readonly label: string; readonly value: string; readonly note?: string }

/** Notes stand below each other, behind the longest value that has one. */
function aligned(rows: readonly Row[]): string[] {
  const column = Math.max(0, ...rows.map(({ value, note }) => (note ? value.length : 0))) + 4
  return rows.map(({ label, value, note }) => `  ${label.padEnd(12)}${note ? value.padEnd(column) + note : value}`)
}

function dashboardRow({ setupLink, dashboard, command = 'turnpike' }: Welcome): Row[] {
  const note = `works once, for 15 minutes; again: ${command} setup-link`
  if (setupLink) return [{ label: 'Dashboard', value: setupLink, note }]
  return dashboard ? [{ label: 'Dashboard', value: dashboard }] : []
}

function answering({ providers, simulatorActive, file }: Welcome): string {
  const groups = [
    { names: namesOf(providers, 'environment'), from: 'environment' },
    { names: namesOf(providers, 'file'), from: file ?? 'turnpike.yaml' },
  ].filter(({ names }) => names.length > 0)
  const listed = groups.map(({ names, from }) => `${names.join(', ')} (${from})`).join(', ')
  if (groups.length === 0 && !simulatorActive)
    return 'No provider is configured and the simulator is off: no model can be called.'
  if (groups.length === 0) return `No provider key in the environment: ${SIMULATED}`
  return simulatorActive ? `The simulator is on beside the providers ${listed}.` : `Providers: ${listed}`
}

const SIMULATED = "the simulator answers for every model, at that model's real prices. No money moves."

const namesOf = (providers: Welcome['providers'], origin: string): string[] =>
  providers.filter((provider) => provider.origin === origin).map((provider) => provider.name)

function settled({ interrupted }: LaterStart): string[] {
  if (!interrupted || interrupted.calls === 0) return []
  const { calls, chargeUsd } = interrupted
  return [
    `Settled ${calls} ${calls === 1 ? 'call' : 'calls'} that the last stop interrupted (estimated, $${chargeUsd}).`,
  ]
}

/** Holds the whole key and pastes as it stands. */
function tryLines(url: string, key: string, model: string): string[] {
  const body = { model, messages: [{ role: 'user', content: 'hi' }], usage: { include: true } }
  // In a shell a single quote ends the text that it stands in.
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''")
  return [
    `  Try: curl ${url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
    `    -d '${quoted}'`,
  ]
}
