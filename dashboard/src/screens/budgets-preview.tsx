/** Before a budget is saved: what last month would have met. Beside one that is: what was spent since it is there. */
import { Alert, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Budget } from '@turnpike/sdk'
import { boundBy, canPreview, countedBy, previewDays, previewOf, type Rule, sinceQuarter } from '../budget-preview.ts'
import { client } from '../client.ts'
import { Money } from '../money.tsx'
import { whole } from '../numbers.ts'
import { narrowed } from '../report.ts'
import type { Search } from '../search.ts'
import { Small } from '../table.tsx'
import { When } from '../when.tsx'
import { dayText, timeText } from '../zone.ts'

type Props = { readonly rule: Rule; readonly limit: string }

export function LastMonth({ rule, limit }: Props) {
  const [asked] = useDebouncedValue(rule, 300)
  const bound = boundBy(asked)
  const days = previewDays(asked)
  const isKnown = bound !== undefined && canPreview(asked)
  const query = {
    ...narrowed(bound ?? {}, asked.timeZone, days),
    bucket: asked.window === 'hour' ? ('hour' as const) : ('day' as const),
  }
  const report = useQuery({
    queryKey: ['preview', query],
    queryFn: () => client.admin.reportUsage(query),
    enabled: isKnown,
    staleTime: 60_000,
  })
  if (!isKnown || report.data === undefined) return null
  const preview = previewOf(report.data, asked, limit.trim())
  const amount = (value: string) => <Money value={value} unit={asked.metric === 'usd' ? '$' : ''} />
  const month = `${dayText(days.from)} to ${dayText(days.to)}`
  return (
    <Alert variant="light" color="gray" title="What last month would have met" role="status">
      <Text size="sm">
        {amount(preview.total)} {asked.metric === 'usd' ? '' : asked.metric} from {month}.{' '}
        {IS_AMOUNT.test(limit.trim()) && (
          <>
            {preview.firstMet === undefined
              ? 'The limit would not have been met'
              : `The limit would have been met${often(asked.window, preview)} ${at(preview.firstMet, asked)}`}
            {WORDS[asked.window] !== undefined && (
              <>
                ; the most in {WORDS[asked.window]?.[0]} was {amount(preview.most)}
              </>
            )}
            .
          </>
        )}
      </Text>
    </Alert>
  )
}

const IS_AMOUNT = /^\d+(\.\d+)?$/

const WORDS: Readonly<Partial<Record<Budget['window'], readonly [one: string, many: string]>>> = {
  hour: ['one hour', 'hours'],
  day: ['one day', 'days'],
  week: ['one week', 'weeks'],
}

function often(window: Budget['window'], { met, windows }: { readonly met: number; readonly windows: number }): string {
  const many = WORDS[window]?.[1]
  return many === undefined ? '' : ` in ${whole(met)} of ${whole(windows)} ${many}, first`
}

const at = (start: string, { window, timeZone }: Rule): string =>
  window === 'hour'
    ? `in the hour from ${timeText(new Date(start), timeZone)}`
    : `on ${timeText(new Date(start), timeZone).replace(/, .*/, '')}`

/** Apart from what its window has: windows end, and what was spent in them stays spent. */
export function Lifetime({ budget }: { readonly budget: Budget }) {
  const { createdAt, metric, window } = budget
  const bound = boundBy(budget)
  const days = sinceQuarter(createdAt)
  const query = { ...narrowed(bound ?? {}, 'UTC', days), bucket: 'month' as const }
  const report = useQuery({
    queryKey: ['lifetime', query],
    queryFn: () => client.admin.reportUsage(query),
    enabled: bound !== undefined && metric !== 'concurrency' && window !== 'total',
    staleTime: 60_000,
  })
  if (bound === undefined || report.data === undefined) return null
  return (
    <Small>
      <Link to="/usage" search={{ ...bound, range: 'Custom', ...days }}>
        <Money value={countedBy(metric, report.data.totals)} unit={metric === 'usd' ? '$' : ''} />
      </Link>{' '}
      since <When at={createdAt} />
    </Small>
  )
}

/** The calls that its window counts. */
export function windowSearch(budget: Budget): Search | undefined {
  const bound = boundBy(budget)
  const { windowStart, window } = budget
  if (bound === undefined || windowStart === null || window === 'minute') return undefined
  return { ...bound, range: 'Custom', ...sinceQuarter(windowStart) }
}
