/** By what each table is sorted: a word for each in the address, `keys.-spent`, with `-` where the largest comes first. */
import { functionalUpdate } from '@tanstack/react-router'
import type { SortingState, Updater } from '@tanstack/react-table'
import { useView } from './filters.tsx'

/** `table` names it among those of its screen. */
export function useSorting(table: string | undefined) {
  const { search, change } = useView()
  const all = sortsIn(search.sort)
  const sorting = (table === undefined ? undefined : all.get(table)) ?? []
  const onSortingChange = (updater: Updater<SortingState>) => {
    if (table === undefined) return
    const next = functionalUpdate(updater, sorting)
    // It is the same page, in another order.
    change({ sort: textOf(new Map(all).set(table, next)), cursor: search.cursor })
  }
  return { sorting, onSortingChange }
}

function sortsIn(text = ''): Map<string, SortingState> {
  const sorts = new Map<string, SortingState>()
  for (const [, table = '', minus, id = ''] of text.matchAll(/([a-z-]+)\.(-?)([a-z0-9][a-z0-9-]*)/g))
    sorts.set(table, [{ id, desc: minus === '-' }])
  return sorts
}

function textOf(sorts: ReadonlyMap<string, SortingState>): string | undefined {
  const words = [...sorts].flatMap(([table, by]) => by.map(({ id, desc }) => `${table}.${desc ? '-' : ''}${id}`))
  return words.length === 0 ? undefined : words.join(',')
}
