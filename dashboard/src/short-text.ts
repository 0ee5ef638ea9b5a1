import { whole } from './numbers.ts'

/** `12.3 k` */
export function shortText(count: number): string {
  const [size, unit] = UNITS.find(([size]) => count >= size - size / 20_000) ?? [1, '']
  if (unit === '') return whole(count)
  return `${(Math.round((count / size) * 10) / 10).toFixed(1)} ${unit}`
}

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const
