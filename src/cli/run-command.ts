/** Runs one command of the API: checks what was typed, asks the server, shows the reply. */
import { SessionReply } from '../contract/members.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { nameAccounts } from './account-name.ts'
import { wantsColour } from './colour.ts'
import type { CommandRow } from './command-row.ts'
import { type Connection, connectionOf } from './connection.ts'
import { CannotGoOn, EXIT, type ExitCode } from './exit-code.ts'
import type { Environment } from './expand.ts'
import { type Command, commandOf } from './fields.ts'
import { jsonReply } from './pages.ts'
import { inputReader } from './read-input.ts'
import { pathWith, placeName, queryText, type Typed, type Values, valuesOf } from './request.ts'
import { type Network, type Request, sendForText } from './send.ts'
import { showReply } from './show-reply.ts'
import { applyRange } from './time-range.ts'

export type CommandCall = { readonly row: CommandRow; readonly env: Environment } & Typed

type Output = { readonly write: (text: string) => Promise<void>; readonly close: () => Promise<void> }

/** What the process lends to a command; tests lend other things. */
export type World = {
  readonly readFile: (path: string) => string
  /** Standard input to its end. */
  readonly readInput: () => string
  /** Resolves once it was taken, so that a long list waits for a slow reader. */
  readonly write: (text: string) => Promise<void>
  readonly writeFile: (path: string) => Promise<Output>
  readonly stderr: (text: string) => void
  /** A line that a person types; `undefined` where nobody is there to type. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  readonly terminal: { readonly stdout: boolean; readonly width: number | undefined }
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: Random
}

/** Options that every command of the API has. */
export type CommonOptions = {
  readonly url?: string
  readonly keyFile?: string
  readonly idempotencyKey?: string
  readonly json?: boolean
  readonly csv?: boolean
  readonly ndjson?: boolean
  readonly jsonl?: boolean
  readonly all?: boolean
  readonly limit?: string
  readonly out?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  /** False: nobody is asked. */
  readonly input?: boolean
}

export async function runCommand({ row, env, ...typed }: CommandCall, world: World): Promise<ExitCode> {
  const command = commandOf(row)
  const common = commonOf(typed.options)
  const values = valuesOf(command, typed, inputReader(world))
  const network = networkOf(command, common, env, world)
  await nameAccounts(command, values, (path) => sendForText(network, { method: 'GET', path }))
  const range = await applyRange(command, values, typed.options, {
    now: world.clock.now(),
    zone: () => zoneOf(network),
  })
  const request = requestOf(command, values, common, world)
  const say = (line: string) => (common.quiet ? undefined : world.stderr(`turnpike: ${line}\n`))
  if (common.dryRun) return tellRequest(request, network.connection, world)
  await confirmed(command, typed, common, world)
  const rows = rowsOf(command, common, values)
  await withOutput(common, world, (write) =>
    showReply({
      command,
      common,
      request,
      network,
      say,
      write,
      rows,
      look: lookOf(common, env, world),
    }),
  )
  if (range !== undefined) say(range)
  return EXIT.done
}

/** As which of the server's own rows the data comes; `undefined`: it is shown from the pages of the list. */
function rowsOf({ operation }: Command, { csv, ndjson, jsonl, json, limit }: CommonOptions, { query }: Values) {
  if (!operation.rows) return undefined
  if (query.columns === undefined) return csv && !json ? 'csv' : undefined
  if (json || !(csv || ndjson || jsonl) || (limit !== undefined && !csv))
    throw new CannotGoOn('--columns: goes with --csv, or with --ndjson without --limit', EXIT.usage)
  return csv ? 'csv' : 'ndjson'
}

/** By the names that the parser does not know: it has them in kebab-case. */
function commonOf(options: Typed['options']): CommonOptions {
  const camel = (name: string) => name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]))
}

function networkOf({ row, operation }: Command, common: CommonOptions, env: Environment, world: World): Network {
  const { readFile, fetch, clock, random } = world
  return {
    connection: connectionOf({ options: common, env, readFile, key: operation.key }),
    ...{ fetch, clock, random },
    command: `turnpike ${row.noun} ${row.verb}`,
    tell: common.verbose ? (line) => world.stderr(`turnpike: ${line}\n`) : () => {},
  }
}

/** Where the days of the organisation begin. */
async function zoneOf(network: Network): Promise<string> {
  try {
    const text = await sendForText(network, { method: 'GET', path: '/api/admin/session' })
    return SessionReply.parse(jsonReply(text)).session.organisation.timeZone
  } catch (error) {
    if (!(error instanceof CannotGoOn) || error.exitCode !== EXIT.notAllowed) throw error
    throw new CannotGoOn('--since: an API key does not know where days begin here; name the zone with --tz', EXIT.usage)
  }
}

function requestOf(command: Command, values: Values, common: CommonOptions, { random }: World): Request {
  const { method, body, idempotent } = command.operation
  return {
    method,
    path: pathWith(command, values.params) + queryText(values.query),
    ...(body || method === 'POST' ? { body: JSON.stringify(values.body) } : {}),
    ...(idempotent ? { idempotencyKey: keyFor(common, random) } : {}),
  }
}

/** One for each time that the command is run: its repeats are the same request. */
function keyFor({ idempotencyKey }: CommonOptions, random: World['random']): string {
  if (idempotencyKey === undefined) return `cli-${Buffer.from(random.bytes(16)).toString('hex')}`
  if (/^[!-~]{1,255}$/.test(idempotencyKey)) return idempotencyKey
  throw new CannotGoOn('--idempotency-key: expected 1 to 255 visible ASCII characters', EXIT.usage)
}

async function tellRequest({ method, path, body }: Request, { url }: Connection, { write }: World): Promise<ExitCode> {
  await write(`${method} ${url}${path}\n${body === undefined ? '' : `${body}\n`}`)
  return EXIT.done
}

/** What cannot be undone wants to be meant: the first argument once more, or --yes where nobody can be asked. */
async function confirmed(
  { row, places }: Command,
  typed: Typed,
  { yes, input }: CommonOptions,
  { ask }: World,
): Promise<void> {
  const [named] = typed.args
  const [place] = places
  if (row.destroys === undefined || yes || named === undefined || !place) return
  if (ask === undefined || input === false)
    throw new CannotGoOn(`this ${row.destroys}. Say --yes if that is meant`, EXIT.usage)
  const answer = await ask(`This ${row.destroys}. Type the ${placeName(place)} to go on: `)
  if (answer.trim() !== named) throw new CannotGoOn('nothing was done: that is another name', EXIT.failed)
}

async function withOutput(
  { out }: CommonOptions,
  world: World,
  show: (write: World['write']) => Promise<void>,
): Promise<void> {
  if (out === undefined) return show(world.write)
  const file = await world.writeFile(out)
  try {
    await show(file.write)
  } finally {
    await file.close()
  }
}

const lookOf = ({ out }: CommonOptions, env: Environment, { terminal }: World) => ({
  colour: out === undefined && wantsColour(env, terminal.stdout),
  width: out === undefined && terminal.stdout ? (terminal.width ?? 80) : undefined,
})
