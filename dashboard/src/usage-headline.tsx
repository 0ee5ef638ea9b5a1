/** What was charged and the figures around it, each with its change, and each leading to its calls. */
import { Group, Paper, SimpleGrid, Text } from '@mantine/core'
import type { UsageReport } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { readable, rounded } from './amount-text.ts'
import { CallsLink } from './behind.tsx'
import { Change, ShareChange } from './change.tsx'
import { shareText } from './change-text.ts'
import type { Figures } from './metrics.ts'
import { Money } from './money.tsx'
import { whole } from './numbers.ts'
import type { Search } from './search.ts'
import { Tokens } from './tokens.tsx'

type Props = {
  readonly report: UsageReport
  /** Of the time before; undefined: not known yet. */
  readonly before: UsageReport | undefined
  /** Which time that is. */
  readonly beforeWords: string
}

export function Headline({ report, before, beforeWords }: Props) {
  const { totals, unknown } = report
  return (
    <section aria-label="Sums">
      <Group align="baseline" gap="xs" aria-live="polite">
        <Text span size="2rem" fw={700} id="headline">
          <CallsLink label={`Charged ${readable(rounded(totals.decimal.chargeUsd ?? '0'))}: its requests`}>
            <Money value={totals.decimal.chargeUsd} />
          </CallsLink>
        </Text>
        <Text c="dimmed">charged</Text>
        <MoneyChange isFull name="chargeUsd" now={totals} before={before?.totals} />
      </Group>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" mt="sm">
        <CountFigure label="Requests" of={({ requests }) => requests} {...{ report, before }} />
        <CountFigure
          label="Input tokens, cached included"
          of={({ inputTokens }) => inputTokens}
          show={(count) => <Tokens count={count} />}
          {...{ report, before }}
        />
        <CountFigure
          label="Output tokens, reasoning included"
          of={({ outputTokens }) => outputTokens}
          show={(count) => <Tokens count={count} />}
          {...{ report, before }}
        />
        <Figure label="Cost at providers" change={<MoneyChange name="costUsd" now={totals} before={before?.totals} />}>
          <Money value={totals.decimal.costUsd} />
        </Figure>
        <Figure
          label="Saved by caches"
          change={<MoneyChange name="cacheSavingUsd" now={totals} before={before?.totals} />}
        >
          <Money value={totals.decimal.cacheSavingUsd} />
        </Figure>
        <ShareFigure
          label="Errors"
          now={{ part: totals.errors, whole: totals.requests }}
          before={before && { part: before.totals.errors, whole: before.totals.requests }}
          more={{ status: 'error' }}
        />
        <ShareFigure
          label="Estimated usage"
          now={{ part: totals.estimatedRequests, whole: totals.requests }}
          before={before && { part: before.totals.estimatedRequests, whole: before.totals.requests }}
          more={{ source: 'estimated' }}
        />
        <ShareFigure
          label="Unknown usage"
          now={{ part: unknown.noUsage, whole: totals.requests }}
          before={before && { part: before.unknown.noUsage, whole: before.totals.requests }}
          more={{ source: 'unknown' }}
        />
      </SimpleGrid>
      <Text size="sm" c="dimmed" mt="xs">
        {sums(unknown)} Changes are against {beforeWords}.
      </Text>
    </section>
  )
}

type MoneyName = 'chargeUsd' | 'costUsd' | 'cacheSavingUsd'
type Between<T> = { readonly now: T; readonly before: T | undefined }

type MoneyProps = Between<Figures> & { readonly name: MoneyName; readonly isFull?: boolean }

const MoneyChange = ({ name, now, before, isFull = false }: MoneyProps) => (
  <Change
    now={now.decimal[name] ?? '0'}
    before={before && (before.decimal[name] ?? '0')}
    textOf={(amount) => readable(rounded(amount))}
    isFull={isFull}
  />
)

type CountProps = Pick<Props, 'report' | 'before'> & {
  readonly label: string
  readonly of: (figures: Figures) => number
  readonly show?: (count: number) => ReactNode
}

const plainly = (count: number) => <data value={count}>{whole(count)}</data>

const CountFigure = ({ label, of, show = plainly, report, before }: CountProps) => {
  const count = of(report.totals)
  return (
    <Figure
      label={label}
      change={
        <Change now={String(count)} before={before && String(of(before.totals))} textOf={(n) => whole(Number(n))} />
      }
    >
      {show(count)}
    </Figure>
  )
}

type Share = { readonly part: number; readonly whole: number }

/** How many, and how large a part of all requests that is. */
const ShareFigure = ({ label, now, before, more }: Between<Share> & { label: string; more: Search }) => (
  <Figure label={label} more={more} change={<ShareChange now={now} before={before} />}>
    <data value={now.part}>{whole(now.part)}</data> ({shareText(now.part, now.whole)})
  </Figure>
)

type FigureProps = {
  readonly label: string
  readonly change: ReactNode
  readonly more?: Search
  readonly children: ReactNode
}

const Figure = ({ label, change, more = {}, children }: FigureProps) => (
  <Paper withBorder p="xs" role="group" aria-label={label}>
    <Text size="xs" c="dimmed">
      {label}
    </Text>
    <Text fw={600}>
      <CallsLink more={more}>{children}</CallsLink>
    </Text>
    {change}
  </Paper>
)

/** A sum that is not whole says so. */
function sums({ unpriced, noUsage }: UsageReport['unknown']): string {
  const notes = [
    unpriced > 0 ? `${whole(unpriced)} without a price are in no sum of money.` : '',
    noUsage > 0 ? `${whole(noUsage)} without known tokens are in no sum of tokens.` : '',
  ].filter((note) => note !== '')
  return notes.length === 0 ? 'All requests are priced.' : `Of the requests, ${notes.join(' ')}`
}
