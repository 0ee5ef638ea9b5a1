/** How much more or less it is than before. */
import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { sumOf } from '../../sdk/src/decimal.ts'
import { negated, unitsOf } from './decimal.ts'
import { percentOf } from './percent.ts'

type Props = {
  readonly now: string
  /** Undefined: not known yet. */
  readonly before: string | undefined
  readonly textOf: (amount: string) => string
  /** The amount beside the percentage. */
  readonly isFull?: boolean
}

/** Its space is there before it is known. */
export function Change({ now, before, textOf, isFull = false }: Props) {
  if (before === undefined) return <Quiet>{'\u00a0'}</Quiet>
  const more = sumOf([now, negated(before)])
  const word = `${more.startsWith('-') ? '−' : '+'}${textOf(more.replace(/^-/, ''))}`
  return (
    <Quiet title={`${word}: ${textOf(now)}, before ${textOf(before)}`}>
      <data value={more}>{changeText(now, before)}</data>
      {isFull && ` (${word})`}
    </Quiet>
  )
}

type ShareProps = { readonly now: Share; readonly before: Share | undefined }
type Share = { readonly part: number; readonly whole: number }

/** Of a share: in points of its percentage. */
export function ShareChange({ now, before }: ShareProps) {
  if (before === undefined || now.whole === 0 || before.whole === 0) return <Quiet>{'\u00a0'}</Quiet>
  const points = (now.part / now.whole - before.part / before.whole) * 100
  const text =
    Math.abs(points) < 0.05 ? 'as before' : `${points < 0 ? '▼ −' : '▲ +'}${Math.abs(points).toFixed(1)} points`
  return <Quiet title={`before: ${shareText(before.part, before.whole)}`}>{text}</Quiet>
}

const Quiet = ({ title, children }: { readonly title?: string; readonly children: ReactNode }) => (
  <Text span size="xs" c="dimmed" fw={400} {...(title === undefined ? {} : { title })} style={{ whiteSpace: 'nowrap' }}>
    {children}
  </Text>
)

/** In percent, to a tenth; more than nothing is new. */
export function changeText(now: string, before: string): string {
  const [is, was] = [unitsOf(now), unitsOf(before)]
  if (is === was) return 'as before'
  if (was === 0n) return 'new'
  const twentieths = ((is - was) * 2000n) / (was < 0n ? -was : was)
  const tenths = Number((twentieths + (twentieths < 0n ? -1n : 1n)) / 2n)
  return `${tenths < 0 ? '▼ −' : '▲ +'}${(Math.abs(tenths) / 10).toFixed(1)} %`
}

export const shareText = (part: number, whole: number): string => partText(String(part), String(whole))

/** How much of all it is. */
export function partText(part: string, whole: string): string {
  if (unitsOf(whole) <= 0n) return '—'
  const percent = percentOf(part, whole)
  return percent === 0 && unitsOf(part) > 0n ? '< 0.1 %' : `${percent.toFixed(1)} %`
}
