/** How much more or less it is than before. */
import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { sumOf } from '../../sdk/src/decimal.ts'
import { changeText, shareText } from './change-text.ts'
import { negated } from './decimal.ts'

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
