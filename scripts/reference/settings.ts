/** The page of settings, made from their schemas: each knows its default and what it expects. */
import { z } from 'zod'
import { readEnvironment, type StartOptions } from '../../src/cli/environment.ts'
import { EnvironmentSettings, SettingsFile } from '../../src/contract/settings.ts'
import { code, opening, sentence, table } from './markdown.ts'

export const settingsReference = (): string =>
  [
    opening(
      '`src/contract/settings.ts`',
      'Settings',
      'Every setting, where it is set, its default, and what it takes. ' +
        'How they fit together is in [configure providers](../guides/configure-providers.md).',
    ),
    '## Variables and options\n',
    'An option wins over a variable, and an empty variable counts as not set.\n',
    table(['variable', 'option', 'default', 'expected', ''], variables()),
    `Two more things come from variables: \`TURNPIKE_CONFIG\` (or \`--config\`) names the file, and in it \`\${NAME}\` stands for that variable, \`\${NAME:-default}\` for one that may be missing. ` +
      'Variables that hold the key of a provider are in [providers](providers.md).\n',
    '## turnpike.yaml\n',
    'Numbers that mean money are decimals in quotes, because a YAML number has been through a float. An unknown name is an error, with its line. ' +
      'What this file defines is read-only elsewhere.\n',
    table(['setting', 'default', 'expected', ''], rowsOf(SettingsFile, '').map(cells)),
    '## Accepted, without effect yet\n',
    'These are checked, so that a file need not change later, but no part of this version reads them: ' +
      `${WITHOUT_EFFECT.map(({ setting }) => code(setting)).join(', ')}.\n`,
  ].join('\n')

/** `found` is how other code would name it: a test looks that none does. */
export const WITHOUT_EFFECT: readonly { readonly setting: string; readonly found: string }[] = [
  { setting: 'nodes.leaseSeconds', found: 'leaseSeconds' },
]

const ABOUT: Record<keyof typeof EnvironmentSettings.shape, string> = {
  host: 'Where to listen. Beyond this machine: `0.0.0.0`, behind something that speaks TLS.',
  port: '0 picks a free one and prints it. `PORT` counts where this is not set. The default moves on if it is taken; a port that was asked for does not.',
  dataDir: 'Holds the SQLite file and the generated operator key.',
  databaseUrl: 'Makes PostgreSQL the store. Unset: SQLite.',
  adminKey: "The operator's key. Unset: one is generated into `admin-key` in the data folder.",
  secretKey:
    "Seals customers' credentials and the secrets of alert channels at rest; the same on every node. Unset: one is generated into `secret-key` in the data folder.",
  simulator: '`auto` is on where no provider is configured.',
  logLevel: 'Logs go to standard error.',
}

function variables(): string[][] {
  return (Object.keys(ABOUT) as (keyof typeof ABOUT)[]).map((name) => {
    const variable = `TURNPIKE_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
    if (readEnvironment({ [variable]: 'x' }, {}).origins.get(name) !== variable)
      throw new Error(`${variable} does not set ${name}`)
    const option = readEnvironment({}, { [name]: 'x' } as StartOptions).origins.get(name)
    const { preset, leaf } = opened(EnvironmentSettings.shape[name])
    return [code(variable), option ? code(option) : '', shownDefault(preset), expected(leaf), ABOUT[name]]
  })
}

type Row = { readonly path: string; readonly preset: unknown; readonly expected: string; readonly about: string }

const cells = ({ path, preset, expected, about }: Row): string[] => [
  code(path),
  shownDefault(preset),
  expected,
  sentence(about),
]

const shownDefault = (preset: unknown): string => (preset === undefined ? '' : code(JSON.stringify(preset)))

/** A leaf is a row; groups, maps and lists of groups are gone into. */
function rowsOf(schema: z.core.$ZodType, path: string): Row[] {
  const { leaf, preset, about } = opened(schema)
  if (leaf instanceof z.ZodObject) {
    const members = Object.entries(leaf.shape as Record<string, z.core.$ZodType>)
    const rows = members.flatMap(([name, member]) => rowsOf(member, path === '' ? name : `${path}.${name}`))
    return isUniform(rows) ? [folded(rows, path, members, about)] : rows
  }
  if (leaf instanceof z.ZodRecord) return rowsOf(leaf.valueType, `${path}.NAME`)
  if (leaf instanceof z.ZodArray && opened(leaf.element).leaf instanceof z.ZodObject)
    return rowsOf(leaf.element, `${path}[]`)
  return [{ path, preset, expected: expected(leaf), about }]
}

/** Without what says that it may be missing. */
function opened(schema: z.core.$ZodType): { leaf: z.core.$ZodType; preset: unknown; about: string } {
  let leaf = schema
  let preset: unknown
  let about = ''
  for (;;) {
    about ||= String(z.globalRegistry.get(leaf)?.description ?? '')
    if (leaf instanceof z.ZodDefault) preset = leaf.def.defaultValue
    if (leaf instanceof z.ZodDefault || leaf instanceof z.ZodOptional || leaf instanceof z.ZodPrefault)
      leaf = leaf.def.innerType
    else return { leaf, preset, about }
  }
}

/** The message of each schema is the phrase after "expected". */
const expected = (leaf: z.core.$ZodType): string => {
  const messages = [Symbol('wrong'), ''].map((wrong) => z.safeParse(leaf, wrong).error?.issues[0]?.message)
  return messages.find((message) => message !== undefined && !message.startsWith('Invalid')) ?? ''
}

/** Many names that take the same, like the prices by meter, are one row. */
const isUniform = (rows: readonly Row[]): boolean =>
  rows.length > 8 && rows.every((row) => row.expected === rows[0]?.expected && row.about === '')

function folded(rows: readonly Row[], path: string, members: readonly [string, unknown][], about: string): Row {
  const names = members.map(([name]) => code(name)).join(', ')
  return {
    path: `${path}.METER`,
    preset: undefined,
    expected: rows[0]?.expected ?? '',
    about: `${sentence(about)} Meters: ${names}`,
  }
}
