/** The settings that hold at this moment, each with where it came from: also after some of them were read again. */
import { configRows } from './cli/config-rows.ts'
import type { Loaded } from './cli/settings.ts'
import type { Settings } from './contract/settings.ts'
import type { EffectiveSetting } from './contract/system.ts'

export type EffectiveSettings = {
  list(): readonly EffectiveSetting[]
  /** `waiting`: the names of those that hold only after a restart. */
  exchange(settings: Settings, origins: Loaded['origins'], waiting: readonly string[]): void
}

export function createEffectiveSettings(first: Loaded): EffectiveSettings {
  let { settings, origins } = first
  let rows: readonly EffectiveSetting[] | undefined
  return {
    list() {
      rows ??= configRows(settings, origins).map(({ origin, ...row }) => ({
        ...row,
        value: row.value as EffectiveSetting['value'],
        origin: originOf(origin, settings.file),
        place: origin === 'default' ? null : origin,
      }))
      return rows
    },
    exchange(next, read, waiting) {
      const isWaiting = (path: string) => waiting.some((name) => path === name || /^[.[]/.test(tailOf(path, name)))
      const kept = [...origins].filter(([path]) => isWaiting(path))
      origins = new Map([...[...read].filter(([path]) => !isWaiting(path)), ...kept])
      settings = next
      rows = undefined
    },
  }
}

const tailOf = (path: string, name: string): string => (path.startsWith(name) ? path.slice(name.length) : '')

function originOf(origin: string, file: string | undefined): EffectiveSetting['origin'] {
  if (origin === 'default') return 'default'
  if (origin.startsWith('preset ')) return 'preset'
  if (file !== undefined && origin.startsWith(`${file}:`)) return 'file'
  return origin.startsWith('--') ? 'option' : 'environment'
}
